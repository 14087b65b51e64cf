"""The page's tabs, one module each, and the parts they are built from.

Imports the page's look, server and API; only `ser_core.ui.build` imports it.
"""
