"""What the server says about its model at `/model_info`."""

from typing import TypedDict

from ... import __version__
from ...model.records import Metrics
from ...model.repository import Repository
from ..page import Page
from ..server.health import ServedModel
from ..settings import LEAST_COMPARED, MOST_COMPARED


class Headline(TypedDict):
    """The figures one asks for first, and what they were measured on; see metrics.json."""

    protocol: str
    corpus: str
    clips: int
    speakers: int
    accuracy: float
    accuracy_interval: list[float] | None
    uar: float
    ece: float


class Limits(TypedDict):
    """What this server takes: lengths in seconds, sizes in megabytes of 10^6 bytes."""

    max_seconds: float
    max_timeline_seconds: float
    max_megabytes: int
    min_compared: int
    max_compared: int


class ModelInfo(TypedDict):
    """What `/model_info` answers."""

    model: str
    revision: str | None
    version: str
    recipe: str
    labels: list[str]
    window: float
    sample_rate: int
    parameters: int | None
    metrics: Headline | None
    familiar_below: float | None
    coverage: float | None
    licence: str | None
    limits: Limits


def model_info(page: Page, served: ServedModel) -> ModelInfo:
    """Describe the model that answers, and the limits of its server.

    Args:
        page: Page.
        served: ServedModel, the name it is known by.
    """
    config, repository = page.recognizer.config, page.repository
    return {
        "model": served.model,
        "revision": served.revision,
        "version": __version__,
        "recipe": config.recipe,
        "labels": list(config.labels),
        "window": config.window,
        "sample_rate": config.sample_rate,
        "parameters": _parameters(repository),
        "metrics": None if repository.metrics is None else _headline(repository.metrics),
        "familiar_below": None if config.domain is None else config.domain.familiar_below,
        "coverage": None if config.conformal is None else config.conformal.coverage,
        "licence": repository.licence,
        "limits": limits(page),
    }


def limits(page: Page) -> Limits:
    """Say how much a call may bring."""
    return {
        "max_seconds": page.settings.max_seconds,
        "max_timeline_seconds": page.settings.max_timeline_seconds,
        "max_megabytes": page.settings.max_megabytes,
        "min_compared": LEAST_COMPARED,
        "max_compared": MOST_COMPARED,
    }


def _headline(metrics: Metrics) -> Headline:
    interval = metrics.accuracy_interval
    return {
        "protocol": metrics.protocol,
        "corpus": metrics.corpus,
        "clips": metrics.clips,
        "speakers": metrics.speakers,
        "accuracy": metrics.accuracy,
        "accuracy_interval": None if interval is None else list(interval),
        "uar": metrics.uar,
        "ece": metrics.ece,
    }


def _parameters(repository: Repository) -> int | None:
    """Count the whole network, or, where its JSON does not tell, what training counted of it."""
    if repository.architecture is not None and repository.architecture.parameters is not None:
        return repository.architecture.parameters
    return None if repository.metrics is None else repository.metrics.parameters
