"""How the speech gate and diarisation are trained, chosen and measured.

Imports corpora and `ser_core.speech`; only the commands import it.
"""
