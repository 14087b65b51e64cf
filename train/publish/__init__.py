"""Cards, models, data sets and Spaces on the Hugging Face Hub, each in one commit.

Imports answers and corpora; the commands and fitting import it.
"""
