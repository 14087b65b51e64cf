"""The page's tabs, one module each, and the parts that they are built from.

A tab builds its components and events from a `Page`, and functions beside it say what is shown.
Only `ser_core.ui.build` imports it.
"""
