"""All that touches the inside of Gradio and its server: uploads, sessions, guards, health.

Imports nothing of the page but its settings and words; every other room of the page may import it.
"""
