"""The API behind the page: endpoints, their schemas, MCP tools, code that calls them.

Imports the page's server, look and settings; only `ser_core.ui.build` and the tabs import it.
"""
