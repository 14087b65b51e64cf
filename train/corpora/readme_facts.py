"""What a dataset's README.md tells of it in its front matter, as cards on the Hub do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ser_core.model.files import CARD

from .licences import LICENCES

FRONT = re.compile(r"\A\ufeff?---\s*\n(.*?)\n---", flags=re.DOTALL)


@dataclass(frozen=True)
class ReadmeFacts:
    """Facts about a dataset.

    Attributes:
        language: ISO 639-1 code; None where it does not say, or there are several.
        licence: SPDX identifier; None where it does not say one that is known here.
        title: its name in words; None where it has none.
        class_names: by column, the names of class labels that are stored as numbers from 0.
    """

    language: str | None = None
    licence: str | None = None
    title: str | None = None
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_readme(folder: Path) -> ReadmeFacts:
    """Read a folder's README.md; nothing where there is none, or it has no front matter."""
    try:
        text = (folder / CARD).read_text(encoding="utf-8")
        found = FRONT.match(text)
        told = yaml.safe_load(found[1]) if found else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ReadmeFacts()
    if not isinstance(told, dict):
        return ReadmeFacts()
    language = _only(told.get("language"))
    by_hub_name = {licence.hub: licence.id for licence in LICENCES.values()}
    return ReadmeFacts(
        language if language and re.fullmatch("[a-z]{2}", language) else None,
        by_hub_name.get(_only(told.get("license")) or ""),
        _only(told.get("pretty_name")),
        dict(_class_names(told.get("dataset_info"))),
    )


def _only(value: Any) -> str | None:
    values = value if isinstance(value, list) else [value]
    return values[0].strip() if len(values) == 1 and isinstance(values[0], str) else None


def _class_names(info: Any) -> list[tuple[str, list[str]]]:
    """Go through the features of all configurations; the first that names a column counts."""
    found = []
    for config in reversed(info if isinstance(info, list) else [info]):
        features = config.get("features") if isinstance(config, dict) else None
        for feature in features if isinstance(features, list) else []:
            kind = feature.get("dtype") if isinstance(feature, dict) else None
            names = (kind.get("class_label") or {}).get("names") if isinstance(kind, dict) else None
            if isinstance(names, dict):
                names = [names[key] for key in sorted(names, key=lambda key: int(key))]
            if isinstance(names, list) and "name" in feature:
                found.append((str(feature["name"]), [str(name) for name in names]))
    return found
