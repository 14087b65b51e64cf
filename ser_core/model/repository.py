"""What a model repository says about itself: its records, and why one of them is missing.

A repository may come from anybody, so a file that is not in the expected form becomes a sentence
instead of an error. Nothing here knows how training works, or who shows it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from huggingface_hub import metadata_load

from ..config.documents import is_there, parse_toml, read_bytes
from ..errors import ConfigError
from ..results import TeachingReport
from .architecture import Architecture
from .files import (
    CARD,
    COMPARISON,
    DATASET,
    FEW_SHOT,
    FORMS,
    HEAD,
    METRICS,
    NETWORK,
    RECIPE,
    ROBUSTNESS,
    load_record,
)
from .further_records import Comparison, Dataset, FewShot, Forms, Robustness
from .records import Metrics
from .teaching import TaughtHead

Content = TypeVar("Content")


@dataclass(frozen=True)
class Repository:
    """The files of a model repository that describe it; None for one that is not there or broken.

    Attributes:
        metrics: Metrics of `metrics.json`.
        dataset: Dataset of `dataset.json`.
        recipe: dict of `recipe.toml`.
        architecture: Architecture of Keras' `config.json`.
        comparison: Comparison of `comparison.json`, which is optional.
        robustness: Robustness of `robustness.json`, which is optional.
        forms: Forms of `forms.json`, which is optional.
        few_shot: FewShot of `few_shot.json`, which is optional.
        report: TeachingReport of `head.json`, which only a taught model has.
        licence: str, the Hub's name of the weights' licence; None if the card states none.
        faults: why a file that is there cannot be used, in one sentence each, by file name.
    """

    metrics: Metrics | None
    dataset: Dataset | None
    recipe: dict[str, Any] | None
    architecture: Architecture | None
    comparison: Comparison | None
    robustness: Robustness | None
    forms: Forms | None
    few_shot: FewShot | None
    report: TeachingReport | None
    licence: str | None
    faults: Mapping[str, str]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what there is in a folder; raises nothing for what is missing or malformed."""
        faults: dict[str, str] = {}

        def attempt(name: str, load: Callable[[], Content]) -> Content | None:
            if not is_there(directory / name):
                return None
            try:
                return load()
            except ConfigError as error:
                faults[name] = str(error)
                return None

        def network() -> Architecture:
            return Architecture.from_json(read_bytes(directory / NETWORK))

        def recipe() -> dict[str, Any]:
            return parse_toml(read_bytes(directory / RECIPE), RECIPE)

        return cls(
            metrics=attempt(METRICS, lambda: load_record(directory, Metrics)),
            dataset=attempt(DATASET, lambda: load_record(directory, Dataset)),
            recipe=attempt(RECIPE, recipe),
            architecture=attempt(NETWORK, network),
            comparison=attempt(COMPARISON, lambda: load_record(directory, Comparison)),
            robustness=attempt(ROBUSTNESS, lambda: load_record(directory, Robustness)),
            forms=attempt(FORMS, lambda: load_record(directory, Forms)),
            few_shot=attempt(FEW_SHOT, lambda: load_record(directory, FewShot)),
            report=attempt(HEAD, lambda: report_of(directory)),
            licence=attempt(CARD, lambda: card_licence(directory)),
            faults=faults,
        )


def report_of(directory: Path) -> TeachingReport | None:
    """Read how good a model is at what it was taught; None for one that was not taught.

    Raises:
        ConfigError: `head.json` cannot be read, or is not what it should be.
    """
    head = TaughtHead.load(directory)
    return None if head is None else head.report


def card_licence(directory: Path) -> str | None:
    """Read the licence of the weights out of the model card; None if it states none.

    Raises:
        ConfigError: the card cannot be read, or its front matter is no YAML.
    """
    try:
        read_bytes(directory / CARD)  # which says so where it may not be read
        licence = (metadata_load(directory / CARD) or {}).get("license")
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"The front matter of {CARD} cannot be read.") from error
    return licence if isinstance(licence, str) else None
