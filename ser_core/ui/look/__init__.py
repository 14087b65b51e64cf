"""How the page looks and what it says: words, theme, markup, pictures. Nothing here computes.

Imports nothing of the page; every other room of the page may import it.
"""
