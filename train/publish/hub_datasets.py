"""The data sets on the Hub that a model was trained on, as cards name them."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..corpora import CORPORA

HUB_DATASET = "https://huggingface.co/datasets/"
TRAINING = "training"  # stands in the role of a corpus that was trained on


def hub_datasets(corpora: Iterable[Mapping[str, Any]]) -> list[str]:
    """Find the ids of corpora on the Hub.

    A corpus that is there by somebody else's hand than its publisher's is not named, as nobody
    knows whether it is the same.

    Args:
        corpora: of dataset.json.

    Returns:
        Ids of those trained on, "user/name" each, in their order; those without one are left out.

    >>> hub_datasets([{"name": "nemo", "role": "training", "homepage": ""}])
    ['amu-cai/nEMO']
    """
    found = []
    for corpus in corpora:
        known = CORPORA.get(corpus["name"])
        home = corpus.get("homepage", "")
        published = home.removeprefix(HUB_DATASET) if home.startswith(HUB_DATASET) else None
        name = published or (known.INFO.hub if known else None)
        if name and TRAINING in corpus["role"]:
            found.append(name)
    return list(dict.fromkeys(found))
