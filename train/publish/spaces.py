"""Publish the app as a Gradio Space that serves one model, pinned to one commit.

python -m train publish-space --repo user/space --model user/name
python -m train publish-space --repo user/space --model user/name --dry-run --out runs/space
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import HfApi, SpaceCardData
from huggingface_hub.errors import HFValidationError

from ser_core import DEFAULT_MODEL
from ser_core.config.whole_files import temporary_folder, write_text, write_whole_folder
from ser_core.errors import ConfigError, ModelError
from ser_core.model.extras import requirements
from ser_core.model.files import CARD, REPOSITORY_FILES
from ser_core.model.hub_faults import PUSH_FAULTS, explain_push

from .sent_files import folder_sizes, list_files
from .space_model import HubModel

ROOT = Path(__file__).parents[2]
REQUIREMENTS = "requirements.txt"
FILES = ("app.py", REQUIREMENTS, "LICENSE")
PACKAGE = "ser_core"
CONTENTS = {".py", ".npz", ".mp3", ".css"}  # of the package: code, gate, examples, style
GRADIO_VERSION = "6.31.0"  # within the range in requirements.txt; Spaces want one version
PYTHON_VERSION = "3.11"  # theirs is 3.10, for which there is no Keras of today
EMBEDDED_DATASETS = ("amu-cai/nEMO",)  # RAVDESS is on Zenodo
MODEL_ID, MODEL_REVISION = "SER_MODEL_ID", "SER_MODEL_REVISION"

BODY = """
# Speech emotion recognition

Record a sentence or upload a file, and see which of eight emotions a listener would hear in it,
and how sure the model is. It also answers over its API: see "Use via API" at the foot of the page.

{model}

The answer is about how a voice sounds, which is not always what a person feels. Do not use it to
judge people; the European Union's AI Act forbids such systems at work and in education (article
5(1)(f)).
"""
SERVED = "It serves [{id}](https://huggingface.co/{id}/tree/{revision}), pinned to that revision."
SERVED_EMBEDDED = "It serves the model that comes with its code, in `ser_core/pretrained`."


@dataclass(frozen=True)
class SpacePublication:
    """What is sent, or would be.

    Attributes:
        repo: id of the Space.
        sizes: path in the Space -> size [bytes].
        variables: the Space's variables.
        address: where it stands now; None after a dry run.
    """

    repo: str
    sizes: Mapping[str, int]
    variables: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None

    def __str__(self) -> str:
        variables = "".join(f"\n{name} = {value}" for name, value in self.variables.items())
        return list_files(self.sizes, f"to the Space {self.repo}.{variables}", self.address)


def front_matter(model: HubModel | None = None) -> str:
    """Make what a Space reads at the top of its README.md; this repository's own has it too.

    Args:
        model: what the Space serves; None for the embedded model.

    Returns:
        YAML between two lines of dashes.
    """
    datasets = EMBEDDED_DATASETS if model is None else model.datasets
    # A Space is built without a token, so a closed model is fetched when it starts.
    preloaded = [] if model is None or model.closed else [model]
    data = SpaceCardData(
        title="Speech emotion recognition",
        emoji="\N{MICROPHONE}",
        colorFrom="blue",
        colorTo="gray",
        sdk="gradio",
        sdk_version=GRADIO_VERSION,
        python_version=PYTHON_VERSION,
        app_file="app.py",
        license="cc-by-nc-sa-4.0",  # of the weights, which stand in every copy; the code is MIT
        short_description="Which emotion a voice expresses, and how sure that is",
        models=[model.id] if model else None,
        datasets=list(datasets) or None,
        tags=["speech-emotion-recognition", "audio-classification", "speech", "emotion"],
        preload_from_hub=[f"{m.id} {','.join(m.files)} {m.revision}" for m in preloaded] or None,
        suggested_hardware="cpu-basic",
    )
    return f"---\n{data.to_yaml()}\n---\n"


def write_space(folder: Path, model: HubModel | None = None) -> dict[str, int]:
    """Write the files of the Space.

    Args:
        folder: a new or empty folder.
        model: what the Space serves; None for the embedded model.

    Returns:
        Path in the Space -> size [bytes].

    Raises:
        ConfigError: the folder is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not an empty folder: name another with --out.")
    with write_whole_folder(folder) as staging:
        _fill(staging, model)
    return folder_sizes(folder)


def _fill(folder: Path, model: HubModel | None) -> None:
    for source in _sources():
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    if model is not None and model.extras:
        lines = "\n".join(requirements(model.extras))
        with (folder / REQUIREMENTS).open("a", encoding="utf-8") as file:
            file.write(f"# What {model.id} needs besides.\n{lines}\n")
    served = SERVED.format(id=model.id, revision=model.revision) if model else SERVED_EMBEDDED
    card = front_matter(model) + BODY.format(model=served)
    write_text(folder / CARD, card)


def _sources() -> list[Path]:
    """List the files that the app consists of, and nothing that lies beside them."""
    package = [path for path in (ROOT / PACKAGE).rglob("*") if path.suffix in CONTENTS]
    embedded = [Path(DEFAULT_MODEL) / name for name in REPOSITORY_FILES]
    return [
        *(ROOT / name for name in FILES),
        *(path for path in package if "__pycache__" not in path.parts and path.name[0] != "."),
        *(path for path in embedded if path.is_file()),
    ]


def publish_space(
    repo: str,
    *,
    model: str | None = None,
    model_revision: str | None = None,
    private: bool | None = None,
    dry_run: Path | None = None,
) -> SpacePublication:
    """Create or update a Space, in one commit.

    Args:
        repo: "user/space", made if it is not there.
        model: id of the Hub repository it serves; None for the embedded model.
        model_revision: branch, tag or commit of it; the Space is pinned to the commit it names now.
        private: whether a new Space is private; None for the account's own choice.
        dry_run: folder to write everything into instead of sending it.

    Returns:
        SpacePublication.

    Raises:
        ModelError: the model cannot be served, or the Hub does not take the Space.
        ConfigError: a revision without a model, or the folder of a dry run is not empty.
    """
    if model is None and model_revision is not None:
        raise ConfigError("--model-revision is of a model: give --model user/name too.")
    found = None if model is None else HubModel.find(model, model_revision)
    variables = {MODEL_ID: found.id, MODEL_REVISION: found.revision} if found else {}
    if dry_run is not None:
        return SpacePublication(repo, write_space(dry_run, found), variables)
    with temporary_folder() as folder:
        staging = folder / "space"
        sizes = write_space(staging, found)
        try:
            address = _send(staging, repo, variables, private)
        except HFValidationError as error:
            raise ConfigError(f"{repo} is not the id of a Space (user/space).") from error
        except PUSH_FAULTS as error:
            raise ModelError(explain_push(error, f"the Space {repo}")) from error
    return SpacePublication(repo, sizes, variables, address)


def _send(folder: Path, repo: str, variables: Mapping[str, str], private: bool | None) -> str:
    """Send the files and variables, and return the Space's address."""
    api = HfApi()  # its token is the environment's, or that of `hf auth login`
    address = api.create_repo(
        repo, repo_type="space", space_sdk="gradio", private=private, exist_ok=True
    )
    # Before the files: each change restarts a Space, and the upload builds it anew in any case.
    before = api.get_space_variables(repo)
    served = before[MODEL_ID].value if MODEL_ID in before else None
    is_another = served != variables.get(MODEL_ID)
    if MODEL_REVISION in before and (is_another or MODEL_REVISION not in variables):
        # First, so that a Space whose update is cut short asks no model for another one's commit.
        api.delete_space_variable(repo, MODEL_REVISION)
    for name in (MODEL_ID, MODEL_REVISION):
        if name in variables:
            api.add_space_variable(repo, name, variables[name])
    if served is not None and MODEL_ID not in variables:
        api.delete_space_variable(repo, MODEL_ID)
    api.upload_folder(
        repo_id=repo,
        repo_type="space",
        folder_path=folder,
        commit_message=f"Serve {variables.get(MODEL_ID, 'the embedded model')}",
        # Modules that are gone from here go from there, in the same commit.
        delete_patterns=[f"{PACKAGE}/*"],
    )
    return str(address)
