"""Publish the app as a Gradio Space that serves one model, pinned to one commit.

python -m train publish-space --repo user/space --model user/name
python -m train publish-space --repo user/space --model user/name --dry-run --out runs/space
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, SpaceCardData, constants
from huggingface_hub.errors import HFValidationError

from ser_core import DEFAULT_MODEL
from ser_core.config.emotions import are_the_eight
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import temporary_folder, write_text, write_whole_folder
from ser_core.errors import ConfigError, ModelError
from ser_core.model.extras import requirements
from ser_core.model.files import CARD, DATASET, FETCHED_FILES, load_content
from ser_core.model.hub_faults import PUSH_FAULTS, explain_push

from .hub_datasets import hub_datasets
from .hub_place import require_place
from .sent_files import folder_sizes, list_files, require_empty
from .space_model import HubModel

ROOT = Path(__file__).parents[2]
REQUIREMENTS = "requirements.txt"
FILES = ("app.py", REQUIREMENTS, "LICENSE")
PACKAGE = "ser_core"
CONTENTS = {".py", ".npz", ".mp3", ".css", ".svg", ".png", ".toml"}  # of the package
GRADIO_VERSION = "6.31.0"  # within the range in requirements.txt; Spaces want one version
PYTHON_VERSION = "3.11"  # theirs is 3.10, for which there is no Keras of today
MODEL_ID, MODEL_REVISION = "SER_MODEL_ID", "SER_MODEL_REVISION"
TOOLS, LOGIN = "SER_MCP", "SER_AUTH"
TOOLS_REQUIREMENT = "mcp>=1.21,<2"  # what the extra mcp adds to the app
TOOLS_TAG = "mcp-server"  # by which the Hub lists Spaces that are tools for language models
THUMBNAIL = "ser_core/ui/icons/thumbnail.png"

LICENCE = "cc-by-nc-sa-4.0"  # of the weights, which stand in every copy; the code is MIT
TAGS = ("speech-emotion-recognition", "audio-classification", "speech", "emotion")

BODY = """
# Undertone: speech emotion recognition

Record a sentence or upload a file, and see which of {count} {what} it, and how sure the model is:
{labels}. It also answers over its API: see "Use via API" at the foot of the page.

{model}
{tools}
{caution}
"""
CAUTION = """
The answer is about how a voice sounds, which is not always what a person feels. Do not use it to
judge people; the European Union's AI Act forbids such systems at work and in education (article
5(1)(f)).
""".strip()
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|#~]")  # of Markdown
SERVED = "It serves [{id}](https://huggingface.co/{id}/tree/{revision}), pinned to that revision."
SERVED_TOOLS = """
Language models can use it too, as a server of the Model Context Protocol: press the MCP badge, or
name `/gradio_api/mcp/` at the Space's own address. Agents that call APIs read `/agents.md` there.
"""
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


def front_matter(
    model: HubModel | None = None, *, repo: str | None = None, mcp: bool = False
) -> str:
    """Make what a Space reads at the top of its README.md; this repository's own has it too.

    Args:
        model: what the Space serves; None for the embedded model.
        repo: "user/space", where the picture that is shown with its links lies; None if not known.
        mcp: whether its endpoints are tools for language models as well.

    Returns:
        YAML between two lines of dashes.
    """
    # A Space is built without a token, so a closed model is fetched when it starts.
    preloaded = [] if model is None or model.closed else [model]
    return describe(
        model,
        repo and f"{repo}/resolve/main/{THUMBNAIL}",
        title="Undertone: speech emotion recognition",
        sdk="gradio",
        sdk_version=GRADIO_VERSION,
        python_version=PYTHON_VERSION,
        app_file="app.py",
        license=LICENCE,
        short_description="Which emotion a voice expresses, and how sure that is",
        tags=[*TAGS, TOOLS_TAG] if mcp else list(TAGS),
        preload_from_hub=[f"{m.id} {','.join(m.files)} {m.revision}" for m in preloaded] or None,
        suggested_hardware="cpu-basic",
    )


def describe(model: HubModel | None, picture: str | None, **fields: Any) -> str:
    """Make the top of a Space's README.md.

    Args:
        model: what it holds or serves; None for the embedded model.
        picture: where on the Hub the picture lies that is shown with its links, below /spaces/;
            None if not known.
        **fields: of SpaceCardData, beside those that every Space of ours has.

    Returns:
        YAML between two lines of dashes.
    """
    if model is None:
        datasets = hub_datasets(load_content(Path(DEFAULT_MODEL), DATASET)["corpora"])
    else:
        datasets = list(model.datasets)
    data = SpaceCardData(
        emoji="\N{MICROPHONE}",
        colorFrom="blue",
        colorTo="gray",
        models=[model.id] if model else None,
        datasets=datasets or None,
        thumbnail=picture and f"{constants.ENDPOINT}/spaces/{picture}",
        **fields,
    )
    return f"---\n{data.to_yaml()}\n---\n"


def write_space(
    folder: Path,
    model: HubModel | None = None,
    *,
    repo: str | None = None,
    mcp: bool = False,
) -> dict[str, int]:
    """Write the files of the Space.

    Args:
        folder: a new or empty folder.
        model: what the Space serves; None for the embedded model.
        repo: "user/space", if it is known.
        mcp: whether its endpoints are tools for language models as well.

    Returns:
        Path in the Space -> size [bytes].

    Raises:
        ConfigError: the folder is not empty.
    """
    require_empty(folder)
    with write_whole_folder(folder) as staging:
        _fill(staging, model, mcp=mcp)
        served = SERVED.format(id=model.id, revision=model.revision) if model else SERVED_EMBEDDED
        labels = FeatureConfig.load(DEFAULT_MODEL).labels if model is None else model.labels
        body = BODY.format(
            model=served,
            tools=SERVED_TOOLS if mcp else "",
            caution=CAUTION,
            count=len(labels),
            what="emotions a listener would hear in" if are_the_eight(labels) else "labels fits",
            labels=", ".join(_MARKUP.sub(r"\\\g<0>", label) for label in labels),
        )
        write_text(staging / CARD, front_matter(model, repo=repo, mcp=mcp) + body)
    return folder_sizes(folder)


def _fill(folder: Path, model: HubModel | None, *, mcp: bool) -> None:
    for source in _sources():
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    needs = []
    if model is not None and model.extras:
        needs += [f"# What {model.id} needs besides.", *requirements(model.extras)]
    if mcp:
        needs += ["# The endpoints as tools for language models.", TOOLS_REQUIREMENT]
    with (folder / REQUIREMENTS).open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in needs)


def _sources() -> list[Path]:
    """List the files that the app consists of, and nothing that lies beside them."""
    package = [path for path in (ROOT / PACKAGE).rglob("*") if path.suffix in CONTENTS]
    embedded = [Path(DEFAULT_MODEL) / name for name in FETCHED_FILES]
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
    mcp: bool = True,
    private: bool | None = None,
    dry_run: Path | None = None,
) -> SpacePublication:
    """Create or update a Space, in one commit.

    Args:
        repo: "user/space", made if it is not there.
        model: id of the Hub repository it serves; None for the embedded model.
        model_revision: branch, tag or commit of it; the Space is pinned to the commit it names now.
        mcp: whether its endpoints are tools for language models as well.
        private: whether a new Space is private; None for the account's own choice.
        dry_run: folder to write everything into instead of sending it.

    Returns:
        SpacePublication.

    Raises:
        ModelError: the model cannot be served, or the Hub does not take the Space.
        ConfigError: a revision without a model, the folder of a dry run is not empty, tools where
            the Space has a login, or as `require_place`.
    """
    found = find_model(model, model_revision)
    variables = {MODEL_ID: found.id, MODEL_REVISION: found.revision} if found else {}
    variables |= {TOOLS: "1"} if mcp else {}
    if dry_run is not None:
        sizes = write_space(dry_run, found, repo=repo, mcp=mcp)
        return SpacePublication(repo, sizes, variables)
    with explaining(repo):
        require_place(repo, "space", private=private, sdk="gradio")
    with temporary_folder() as folder:
        staging = folder / "space"
        sizes = write_space(staging, found, repo=repo, mcp=mcp)
        with explaining(repo):
            address = _send(staging, repo, variables, private)
    return SpacePublication(repo, sizes, variables, address)


def find_model(model: str | None, revision: str | None) -> HubModel | None:
    """Find the model that a Space is for; None for the embedded one.

    Raises:
        ModelError: it cannot be served.
        ConfigError: a revision without a model.
    """
    if model is None and revision is not None:
        raise ConfigError("--model-revision is of a model: give --model user/name too.")
    return None if model is None else HubModel.find(model, revision)


@contextmanager
def explaining(repo: str) -> Iterator[None]:
    """Say in a sentence what the Hub has against a Space."""
    try:
        yield
    except HFValidationError as error:
        raise ConfigError(f"{repo} is not the id of a Space (user/space).") from error
    except PUSH_FAULTS as error:
        raise ModelError(explain_push(error, f"the Space {repo}")) from error


def _send(folder: Path, repo: str, variables: Mapping[str, str], private: bool | None) -> str:
    """Send the files and variables, and return the Space's address."""
    api = HfApi()  # its token is the environment's, or that of `hf auth login`
    address = api.create_repo(
        repo, repo_type="space", space_sdk="gradio", private=private, exist_ok=True
    )
    # Before the files: each change restarts a Space, and the upload builds it anew in any case.
    before = api.get_space_variables(repo)
    if TOOLS in variables and LOGIN in {*before, *api.get_space_secrets(repo)}:
        raise ConfigError(
            f"The Space {repo} has a login ({LOGIN}), of which Gradio's tools for language models "
            "know nothing: give --no-mcp, or delete the login there."
        )
    if TOOLS in before and TOOLS not in variables:
        api.delete_space_variable(repo, TOOLS)  # before what they need is gone
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
    if TOOLS in variables and (TOOLS not in before or before[TOOLS].value != variables[TOOLS]):
        # After what they need is there: the Space of before would not start with it.
        api.add_space_variable(repo, TOOLS, variables[TOOLS])
    return str(address)
