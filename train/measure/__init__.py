"""What finished networks are worth: degraded sound, smaller forms, other corpora, comparisons.

Imports fitting and answers; the commands import it.
"""
