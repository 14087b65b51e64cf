"""The page of a model whose files are damaged: it stands, and says what is wrong."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from gradio.routes import App

from ser_core import EmotionRecognizer
from ser_core.model import files
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.settings import Settings
from tests.support.app import contents
from tests.support.damage import DAMAGES
from tests.support.damaged_pages import build_damaged_pages
from tests.support.light_model import write_light_model

SHOWN = (*files.RECORDS, files.RECIPE, files.NETWORK)


@pytest.fixture(autouse=True, scope="module")
def _unserved() -> Iterator[None]:
    """Of each page Gradio makes three web apps, half of the work, and here none is served."""
    with patch.object(App, "create_app"):
        yield


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model with all that goes with the embedded one."""
    return write_light_model(tmp_path / "model")


def page(model: Path) -> str:
    """All that the page of a model shows."""
    demo, _ = build_app(EmotionRecognizer.from_pretrained(model), Settings())
    return contents(demo).replace("&#x27;", "'")


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_page_stands_and_names_each_damaged_file(model: Path, damage: str) -> None:
    for name in (*SHOWN, files.CARD):
        DAMAGES[damage](model / name)
    shown = page(model)
    required = (files.METRICS, files.DATASET, files.NETWORK)
    for name in required if damage == "missing" else (*files.RECORDS, files.NETWORK):
        words = text.FILE_MISSING if damage == "missing" else text.FILE_UNREADABLE
        assert words.format(name=name, reason="")[:40] in shown, name


# As many more as one likes: python -m benchmarks.damaged_pages
@pytest.mark.parametrize("seeds", [range(12), pytest.param(range(12, 48), marks=pytest.mark.slow)])
def test_the_page_stands_whatever_value_is_in_its_files(model: Path, seeds: range) -> None:
    build_damaged_pages(model, seeds)
