"""The training system: from corpora to networks that are measured and published.

It imports `ser_core`, which never imports it. `python -m train` is its command line.
"""
