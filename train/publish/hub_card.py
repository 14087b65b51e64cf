"""A card that stands on the Hub: fetched, and given new figures without losing people's words."""

import re
from pathlib import Path

import jinja2
import yaml
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

from ser_core.errors import ConfigError
from ser_core.model.files import CARD

MEASURED = re.compile(r"<!-- measured: (.+?) -->\n.*?<!-- /measured -->", flags=re.DOTALL)
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", flags=re.DOTALL)


def markdown_environment() -> jinja2.Environment:
    """What cards are rendered with: a name that is missing raises, and nothing is escaped."""
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML
    )


def merge_card(edited: str, rendered: str) -> str:
    """Put new figures into a card that a person may have edited, and leave their words alone.

    What stands between `<!-- measured: NAME -->` and `<!-- /measured -->` is ours and replaced; so
    are our keys of the front matter, while a person's further keys, tags and text stay.

    Args:
        edited: the card as it stands on the Hub.
        rendered: the card as it is rendered now.

    Returns:
        The card to publish.

    Raises:
        ConfigError: the card has no such marks or no front matter, so it is not one of ours.
    """
    blocks = {match[1]: match[0] for match in MEASURED.finditer(rendered)}
    head = FRONT_MATTER.match(edited)
    known = {match[1] for match in MEASURED.finditer(edited)}
    if head is None or not known & set(blocks):
        raise ConfigError(
            "The card on the Hub is not one that this command wrote (it has none of the marks "
            "<!-- measured: ... -->): give --replace-card to write it anew."
        )
    body = MEASURED.sub(lambda match: blocks.get(match[1], match[0]), edited[head.end() :])
    for name, block in blocks.items():
        if name not in known:
            body = f"{body.rstrip()}\n\n{block}\n"
    theirs = yaml.safe_load(head[1]) or {}
    front = FRONT_MATTER.match(rendered)
    assert front is not None, "our templates begin with a front matter"
    ours = yaml.safe_load(front[1])
    merged = theirs | ours
    for key in ("tags", "language", "datasets"):
        both = [*ours.get(key, []), *_as_list(theirs.get(key))]
        if both:
            merged[key] = list(dict.fromkeys(both))
    text = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True)
    return f"---\n{text}---\n{body}"


def _as_list(value: str | list[str] | None) -> list[str]:
    """Return what stands in a front matter as a list; a single word may stand there bare."""
    return [value] if isinstance(value, str) else list(value or ())


def fetch_card(repo: str, branch: str | None = None, *, repo_type: str = "model") -> str | None:
    """Fetch the card that stands on the Hub, main's if there is no such branch yet.

    Args:
        repo: "user/name".
        branch: None for main.
        repo_type: "model" or "dataset".

    Returns:
        The card; None if there is no such repository or card.

    Raises:
        HfHubHTTPError, httpx2.HTTPError: the Hub does not give it.
    """
    if not HfApi().repo_exists(repo, repo_type=repo_type):
        return None
    try:
        try:
            file = hf_hub_download(repo, CARD, revision=branch, repo_type=repo_type)
        except RevisionNotFoundError:
            file = hf_hub_download(repo, CARD, repo_type=repo_type)
    except EntryNotFoundError:
        return None
    return Path(file).read_text(encoding="utf-8")
