"""Recordings of any length: windows, their answers over time, exports, live speech, saliency.

Imports `ser_core.model` and what lies below it; the recognizer, batch, the page and training
import it.
"""
