"""Duplicates and leaks between the two sides of a split.

Imports data and corpora; the commands and fitting import it.
"""
