"""The feature blocks and statistics of the four reference systems, computed from samples.

Needs librosa, so it is imported only where a model asks for one of these blocks. Only
`ser_core.features` imports it.
"""
