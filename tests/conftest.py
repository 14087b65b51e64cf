"""Where tests find sound: fixtures of this repository, and RAVDESS when it is at hand."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Folder of the small synthetic recordings."""
    return ROOT / "tests" / "fixtures"


@pytest.fixture(scope="session")
def ravdess() -> Path:
    """Folder of the real RAVDESS speech corpus, which may not be committed."""
    path = ROOT.parent / "shared" / "data" / "ravdess"
    if not path.is_dir():
        pytest.skip("needs the RAVDESS corpus, which its licence keeps out of this repository")
    return path
