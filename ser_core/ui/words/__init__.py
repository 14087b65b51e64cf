"""The words of the page: a catalogue for each language, and how each writes its numbers.

A language is one file, `LANGUAGE.toml`, beside these modules; `en.toml` is the one that the others
translate. Only `ser_core.ui` imports this room, which imports nothing of the library.
"""
