"""Publish the browser edition as a static Space, with one model inside.

python -m train publish-space --static --repo user/space --model user/name
python -m train publish-space --static --repo user/space --dry-run --out runs/space
"""

import shutil
from pathlib import Path

from huggingface_hub import HfApi

from ser_core import DEFAULT_MODEL
from ser_core.config.whole_files import temporary_folder, write_text
from ser_core.errors import ModelError
from ser_core.model.files import CARD
from ser_core.model.hub import fetch
from ser_core.model.repository import card_licence
from ser_core.ui.server.manifest import ICONS, THUMBNAIL

from .browser_edition import write_browser_edition
from .hub_place import require_place
from .sent_files import folder_sizes
from .space_model import HubModel
from .spaces import (
    CAUTION,
    LICENCE,
    SERVED,
    TAGS,
    SpacePublication,
    describe,
    explaining,
    find_model,
)

PICTURE = f"icons/{THUMBNAIL}"
REPLACED = ("*.bin", "*.js", "*.woff2", "icons/*")
"""What a former edition left: names with digests of what was in them."""

BODY = """
# Undertone: speech emotion recognition

Record a sentence or open a file, and see which emotion a listener would hear in it, and how sure
the model is. The model runs in the browser, the page's policy forbids any connection elsewhere, and
after the first visit it works without a network: **no sound leaves the device.**

{model}

{caution}
"""
HELD = "It holds the model that comes with its code."


def static_front_matter(
    model: HubModel | None = None, *, repo: str | None = None, licence: str | None = LICENCE
) -> str:
    """Make what a static Space reads at the top of its README.md.

    Args:
        model: what the page runs; None for the embedded model.
        repo: "user/space", where the picture that is shown with its links lies; None if not known.
        licence: of the model's weights, which are among the files; None if it states none.

    Returns:
        YAML between two lines of dashes.
    """
    return describe(
        model,
        repo and f"{repo}/resolve/main/{PICTURE}",
        title="Undertone: speech emotion recognition in the browser",
        sdk="static",
        app_file="index.html",
        license=licence,
        short_description="Emotion in a voice; no sound leaves the device",
        tags=list(TAGS),
    )


def write_static_space(
    folder: Path, directory: Path, model: HubModel | None = None, *, repo: str | None = None
) -> dict[str, int]:
    """Write the files of a static Space.

    Args:
        folder: a new or empty folder.
        directory: the model repository's local folder.
        model: what it is on the Hub; None for the embedded model.
        repo: "user/space", if it is known.

    Returns:
        Path in the Space -> size [bytes].

    Raises:
        ConfigError, ModelError: as `browser_edition.write_browser_edition`.
    """
    write_browser_edition(directory, folder)
    shutil.copyfile(ICONS / THUMBNAIL, folder / PICTURE)  # for links alone: no page shows it
    held = SERVED.format(id=model.id, revision=model.revision) if model else HELD
    front = static_front_matter(model, repo=repo, licence=card_licence(directory))
    write_text(folder / CARD, front + BODY.format(model=held, caution=CAUTION))
    return folder_sizes(folder)


def publish_static_space(
    repo: str,
    *,
    model: str | None = None,
    model_revision: str | None = None,
    private: bool | None = None,
    dry_run: Path | None = None,
) -> SpacePublication:
    """Create or update a static Space with the browser edition, in one commit.

    Args:
        repo: "user/space", made if it is not there.
        model: id of the Hub repository whose model it holds; None for the embedded model.
        model_revision: branch, tag or commit of it.
        private: whether a new Space is private; None for the account's own choice.
        dry_run: folder to write everything into instead of sending it.

    Returns:
        SpacePublication, without variables.

    Raises:
        ModelError: the page cannot run the model, it is closed and the Space is not, or the Hub
            does not take the Space.
        ConfigError: a revision without a model, the folder of a dry run is not empty, there is no
            bundle of the page, or as `require_place`.
    """
    found, directory = find_model(model, model_revision), Path(DEFAULT_MODEL)
    if found is not None:
        if found.closed and not private:
            raise ModelError(
                f"{found.id} is private or gated, and a static Space gives its weights to "
                "everybody who may see the Space: give --private, or another model."
            )
        directory = fetch(found.id, revision=found.revision).directory
    if dry_run is not None:
        return SpacePublication(repo, write_static_space(dry_run, directory, found, repo=repo))
    with explaining(repo):
        require_place(repo, "space", private=private, sdk="static")
    with temporary_folder() as folder:
        staging = folder / "space"
        sizes = write_static_space(staging, directory, found, repo=repo)
        with explaining(repo):
            address = _send(staging, repo, private, found)
    return SpacePublication(repo, sizes, address=address)


def _send(folder: Path, repo: str, private: bool | None, model: HubModel | None) -> str:
    """Send the files, and return the Space's address."""
    api = HfApi()  # its token is the environment's, or that of `hf auth login`
    address = api.create_repo(
        repo, repo_type="space", space_sdk="static", private=private, exist_ok=True
    )
    api.upload_folder(
        repo_id=repo,
        repo_type="space",
        folder_path=folder,
        commit_message=f"Answer in the browser with {model.id if model else 'the embedded model'}",
        delete_patterns=list(REPLACED),
    )
    return str(address)
