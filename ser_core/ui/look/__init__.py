"""How the page looks and what it says: words, theme, markup, cards and pictures.

Nothing here computes, or knows of the server. Every other room of the page may import it,
and the training system draws its figures with `plots`.
"""
