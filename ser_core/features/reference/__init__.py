"""The feature blocks and statistics of the four reference systems, computed from samples.

Needs librosa, so it is imported only where a model asks for one of these blocks. Only
`ser_core.features` imports it.
"""

from ...errors import ModelError

try:
    import librosa  # noqa: F401 - asked for here once, so that no module of the room needs to
except ImportError as error:
    raise ModelError(
        "The feature blocks of this model need librosa, which is not installed: pip install librosa"
    ) from error
