"""Where in a recording somebody speaks, and who: the speech gate and diarisation.

Plain numpy over the mel spectrogram. Imports `ser_core.features` and what lies below it; the
timeline, the recognizer and training import it.
"""
