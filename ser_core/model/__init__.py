"""A model repository: its files, how they are fetched, run, pooled and adapted to a voice.

Everything that knows a file of a repository by name is here. Imports `ser_core.speech` and what
lies below it; the timeline, the recognizer, batch, the page and training import it.
"""
