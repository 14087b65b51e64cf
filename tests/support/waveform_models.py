"""A tiny model with the files that take samples: dear to make, so made once for all tests."""

from pathlib import Path

from tests.support.light_model import write_light_model
from tests.support.shared import written_once


@written_once
def write_waveform_model(directory: Path) -> Path:
    """Write the light model with its files that take samples, and `parity.md` on these.

    Args:
        directory: where to; made if it is not there.

    Returns:
        The directory.
    """
    from train.networks.waveform_repository import parity_table, write_waveforms

    write_light_model(directory)
    table = parity_table(write_waveforms(directory))
    (directory / "parity.md").write_text(table, encoding="utf-8")
    return directory
