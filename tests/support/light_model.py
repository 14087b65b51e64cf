"""The model that comes with the package, but for its network: a small one, quick to load and copy.

For tests of what is done with a model's files, whatever its network hears.
"""

import shutil
from pathlib import Path

from ser_core import DEFAULT_MODEL, FeatureConfig
from ser_core.model.files import CARD, RECIPE, RECORDS
from tests.support.embedded import FORM
from tests.support.frame_models import write_frame_model


def write_light_model(directory: Path) -> Path:
    """Write a repository with the embedded model's records, recipe, card and name.

    Args:
        directory: where to; made if it is not there.

    Returns:
        The directory.
    """
    write_frame_model(directory, recipe=FeatureConfig.load(DEFAULT_MODEL).recipe, forms=(FORM,))
    for name in (*RECORDS, RECIPE, CARD):
        if (Path(DEFAULT_MODEL) / name).is_file():
            shutil.copy(Path(DEFAULT_MODEL) / name, directory)
    return directory
