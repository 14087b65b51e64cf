"""Cards, models, data sets and Spaces on the Hugging Face Hub.

Imports answers and corpora; the commands and fitting import it.
"""
