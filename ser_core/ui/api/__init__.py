"""The API behind the page: its endpoints, their schemas, and code that calls them.

It turns what a client sends into what the recognizer takes, and results into plain JSON. Only
`ser_core.ui.build` and the tabs import it.
"""
