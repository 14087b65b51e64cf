"""The command line, one module a noun; `python -m train` joins them.

Commands parse, call, and print. No other room of the training system imports this one.
"""
