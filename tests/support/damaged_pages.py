"""Pages of a model in whose files any value may stand."""

from collections.abc import Iterable
from pathlib import Path

from ser_core import EmotionRecognizer
from ser_core.model import files
from ser_core.ui.build import build_app
from ser_core.ui.settings import Settings
from tests.support.damage import mutate

MUTATED = (*files.RECORDS, files.NETWORK)


def build_damaged_pages(model: Path, seeds: Iterable[int]) -> None:
    """Build a page for each seed, which decides what is put where in each file of a model."""
    originals = {name: (model / name).read_text(encoding="utf-8") for name in MUTATED}
    recognizer = EmotionRecognizer.from_pretrained(model)
    for seed in seeds:
        for name, content in originals.items():
            (model / name).write_text(mutate(content, seed), encoding="utf-8")
        try:
            build_app(recognizer, Settings())
        except Exception as error:
            raise AssertionError(f"the page of seed {seed} does not stand") from error
