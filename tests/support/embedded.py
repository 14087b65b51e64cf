"""What the model is made of that comes with the package."""

from pathlib import Path

from ser_core import DEFAULT_MODEL
from ser_core.model.files import LITERT_FORMS, files_in, network_files

(NETWORK_FILE,) = network_files(files_in(Path(DEFAULT_MODEL)))
"""The file of its network that is loaded."""

FORM = {file: form for form, file in LITERT_FORMS.items()}[NETWORK_FILE]
