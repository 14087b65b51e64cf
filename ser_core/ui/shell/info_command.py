"""`ser info`: what a model is, and how good it was found to be."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .shared_options import RevisionOption
from .terminal import console, is_terminal, print_data, printable

if TYPE_CHECKING:
    from ...config.feature_config import FeatureConfig
    from ...model.repository import Repository

_NAME_WIDTH = 14


def info(
    model: Annotated[
        str,
        typer.Argument(
            metavar="[MODEL]",
            help="Folder or Hub id (user/name) of a model.",
            show_default="the embedded one",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
    revision: RevisionOption = None,
) -> None:
    """Say what a model is: labels, recipe, size, what was measured, licence, and its hash.

    \b
    Examples:
      ser info
      ser info user/name
      ser info runs/mine --json | jq .accuracy
    """
    found = _find(model, revision)
    facts = _facts(found)
    if as_json:
        print_data(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    elif is_terminal(sys.stdout):
        _draw(facts)
    else:
        for name, value in facts.items():
            print(f"{name}: {_words(name, value)}")


@dataclass(frozen=True)
class _Found:
    name: str
    directory: Path
    revision: str | None
    config: "FeatureConfig"
    repository: "Repository"


def _find(model: str, revision: str | None) -> _Found:
    """Find a model's files, without running its network.

    Raises:
        SpeechEmotionError: there is no such model.
    """
    from ...config.feature_config import FeatureConfig
    from ...model import hub
    from ...model.files import files_in, require_files
    from ...model.repository import Repository
    from ...recognizer import DEFAULT_MODEL

    name = model or DEFAULT_MODEL
    if os.path.isdir(name):
        directory, commit = Path(name), None
    else:
        snapshot = hub.fetch(name, revision=revision)
        directory, commit = snapshot.directory, snapshot.revision
    require_files(files_in(directory), printable(name))
    return _Found(
        "the embedded model" if name == DEFAULT_MODEL else printable(name),
        directory,
        commit,
        FeatureConfig.load(directory),
        Repository.load(directory),
    )


def _facts(found: _Found) -> dict[str, Any]:
    """Collect what is known, as plain JSON types; what the model does not say is left out."""
    from ...model.files import choose_form, files_in, model_digest

    config, repository = found.config, found.repository
    names = files_in(found.directory)
    forms = choose_form(names)
    facts: dict[str, Any] = {
        "model": found.name,
        "folder": printable(str(found.directory)),
        "commit": found.revision,
        "digest": model_digest(found.directory),
        "recipe": config.recipe,
        "labels": list(config.labels),
        "input": f"{config.window:g} s windows at {config.sample_rate} Hz",
        "form": "Keras" if forms is None else f"LiteRT {forms}",
        "parameters": repository.architecture and repository.architecture.parameters,
        "bytes": sum((found.directory / name).stat().st_size for name in names),
        "licence": repository.licence,
    }
    if (dataset := repository.dataset) is not None:
        facts["trained_on"] = [
            {
                "corpus": corpus.title,
                "clips": corpus.clips,
                "hours": round(corpus.hours, 1),
                "licence": corpus.licence or None,
            }
            for corpus in dataset.corpora
        ]
    if (metrics := repository.metrics) is not None:
        facts |= {
            "measured_on": f"{metrics.clips:,} clips of {metrics.speakers or 'no named'} speakers "
            f"of {metrics.corpus}, protocol {metrics.protocol}",
            "accuracy": metrics.accuracy,
            "accuracy_interval": metrics.accuracy_interval and list(metrics.accuracy_interval),
            "uar": metrics.uar,
            "ece": metrics.ece,
        }
    if (report := repository.report) is not None:  # of a model that was taught other labels
        facts |= {
            "measured_on": f"the {report.total} clips that it was taught, {report.test}",
            "accuracy": report.accuracy,
            "accuracy_interval": list(report.interval),
            "chance": report.chance,
        }
    facts["faults"] = list(repository.faults.values())
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


def _words(name: str, value: Any) -> str:
    """Say a fact's value in words."""
    if name == "bytes":
        return f"{value / 1e6:.1f} MB"
    if name in ("accuracy", "uar", "chance"):
        return f"{100 * value:.1f} %"
    if name == "accuracy_interval":
        return " to ".join(f"{100 * bound:.1f}" for bound in value) + " % (95 %)"
    if name == "trained_on":
        return "; ".join(_corpus(one) for one in value)
    if name == "parameters":
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _corpus(one: dict[str, Any]) -> str:
    licence = f", {one['licence']}" if one["licence"] else ""
    return f"{one['corpus']} ({one['clips']:,} clips, {one['hours']} h{licence})"


def _draw(facts: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=_NAME_WIDTH)
    grid.add_column(overflow="fold")
    for name, value in facts.items():
        grid.add_row(Text(name.replace("_", " "), style="bold"), Text(_words(name, value)))
    console().print(grid)
