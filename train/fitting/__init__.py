"""One fit: its plan, its phases, its loop, and what is done after the last fold.

Imports networks, data and answers; the commands and measure import it.
"""
