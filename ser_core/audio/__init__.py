"""Any recording to mono float32 samples at one rate: whole, or block by block.

Owns every container, codec and rate. Imports nothing of the house but `ser_core.errors`; every
other room may import it.
"""

from .audio_input import AudioInput
from .load import MIN_SECONDS, SAMPLE_RATE, load_audio, read_blocks, to_channels

__all__ = ["MIN_SECONDS", "SAMPLE_RATE", "AudioInput", "load_audio", "read_blocks", "to_channels"]
