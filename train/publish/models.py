"""Publish a model repository on the Hub, after proving that every door opens onto the same network.

python -m train publish --model runs/model --repo user/name
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from huggingface_hub import HfApi

from ser_core import EmotionRecognizer
from ser_core.audio.load import load_audio
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import temporary_folder, write_text, write_whole_folder
from ser_core.errors import ConfigError, ModelError, SpeechEmotionError
from ser_core.features import network_inputs
from ser_core.model.files import (
    CARD,
    LITERT_FILE,
    LITERT_FORMS,
    OPTIONAL_FILES,
    REPOSITORY_FILES,
    WAVEFORM_FILES,
    choose_form,
    copy_files,
    files_in,
    load_record,
)
from ser_core.model.hub_faults import PUSH_FAULTS, explain_push
from ser_core.model.keras_runtime import KerasRuntime, load_keras_network
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.network_outputs import split_outputs
from ser_core.model.records import Metrics

from ..networks.export import ALLOWED, differences
from ..networks.waveform_parity import CLIPS
from ..networks.waveform_repository import add_waveforms, is_current
from .hub_card import fetch_card, merge_card
from .hub_place import require_place
from .model_card import write_card
from .sent_files import list_files, require_empty

PROOF_SECONDS = 5.0  # [s] of each clip that the doors are compared on


@dataclass(frozen=True)
class Publication:
    """What is sent, or would be.

    Attributes:
        repo: id of the repository.
        sizes: file name -> size [bytes].
        difference: float, largest difference of a probability between two doors.
        address: where it stands now; None after a dry run.
    """

    repo: str
    sizes: dict[str, int]
    difference: float
    address: str | None

    def __str__(self) -> str:
        doors = f"its doors differ by {self.difference:.1g} at most."
        return list_files(self.sizes, f"to {self.repo}; {doors}", self.address)


def verify(directory: Path) -> float:
    """Load a model repository by every door, and compare their answers.

    Args:
        directory: folder of the repository.

    Returns:
        The largest difference of a probability or an intensity between two doors.

    Raises:
        ModelError: a file is missing, a door does not open, or two doors answer differently.
        ConfigError: the audit of its evaluation found a leak, or there was none.
    """
    needed = [name for name in REPOSITORY_FILES if name not in {*OPTIONAL_FILES, CARD}]
    names = files_in(directory)
    form = choose_form(names)
    needed += [LITERT_FILE] if form is None else []
    missing = [name for name in needed if name not in names]
    if form is None or missing:
        raise ModelError(
            f"{directory} cannot be published without {', '.join(missing)}: make it with "
            "`python -m train fit --out DIR`, or what it answers with `python -m train check DIR`."
        )
    check_audit(directory)
    config = FeatureConfig.load(directory)
    inputs = _proof(config)
    bare = load_keras_network(directory)
    given = keras.tree.flatten(bare.predict(inputs, verbose=0))
    outputs = dict(zip(bare.output_names, given, strict=True))
    answers = {
        LITERT_FORMS[form]: LiteRTRuntime(directory, config, form).run(inputs),
        "ser_core's Keras runtime": KerasRuntime(directory, config).run(inputs),
        "bare Keras": split_outputs(outputs, config),
    }
    first, *others = answers
    found = {
        (name, what): difference
        for name in others
        for what, difference in differences(answers[first], answers[name]).items()
    }
    for (name, what), difference in found.items():
        if not difference <= ALLOWED[form]:
            raise ModelError(
                f"{first} and {name} differ by {difference:.2g} in {what}, at most "
                f"{ALLOWED[form]:g} is allowed, so they are not of one network: get the "
                "repository again, whole, or make it anew with `python -m train fit --out DIR`."
            )
    return max(found.values())


def _proof(config: FeatureConfig) -> np.ndarray:
    """Make the inputs that the doors are compared on, (inputs, config.frames, config.features).

    They are recordings: to noise as loud as speech, which no network learns from, layers of eight
    bits answer otherwise than others by more than two forms of one network may differ.
    """
    most = int(PROOF_SECONDS * config.sample_rate)
    clips = [
        load_audio(clip, sample_rate=config.sample_rate) for clip in sorted(CLIPS.glob("*.mp3"))
    ]
    return np.concatenate([network_inputs(samples[:most], config) for samples in clips])


def check_audit(directory: Path) -> None:
    """Raise ConfigError unless the audit in metrics.json found no leak."""
    audit = load_record(directory, Metrics).audit
    if audit is None:
        raise ConfigError(
            f"{directory} was not audited for leaks: make it with `python -m train fit --out DIR`."
        )
    if audit.leaks:
        raise ConfigError(
            f"The audit of {directory} found {audit.leaks} leaks between training and test "
            f"({', '.join(audit.kinds)}), so its figures cannot be published."
        )


def publish(
    directory: Path,
    repo: str,
    *,
    private: bool | None = None,
    branch: str | None = None,
    create_pr: bool = False,
    replace_card: bool = False,
    waveform: bool = True,
    dry_run: Path | None = None,
) -> Publication:
    """Publish a model repository in one commit.

    Args:
        directory: folder of the repository.
        repo: "user/name" on the Hub, made if it is not there.
        private: whether a new repository is private; None for the account's own choice.
        branch: a branch to push to, made if it is not there; None for main.
        create_pr: whether to open a pull request instead.
        replace_card: whether to write the card anew, losing what people wrote into it.
        waveform: whether to send the files that take samples too, made where they are missing or
            not current, if there can be any; else none is sent, though the folder has some.
        dry_run: a new or empty folder to write everything into instead of sending it.

    Returns:
        Publication.

    Raises:
        ModelError, ConfigError: as `verify` and `require_place`; the folder of a dry run is not
            empty; or the card on the Hub is not one of ours.
    """
    if dry_run is not None:
        require_empty(dry_run)
    difference = verify(directory)
    with temporary_folder() as folder:
        staging = folder / "repository"
        EmotionRecognizer.from_pretrained(directory).save_pretrained(staging)
        write_card(staging, source=repo)  # whose licence those files say
        if waveform:
            add_waveforms(staging)
        if not waveform or not is_current(staging):  # as where none can be made of it, or not here
            for name in WAVEFORM_FILES:
                (staging / name).unlink(missing_ok=True)
        text = write_card(staging, source=repo)  # which names those that are there
        if dry_run is not None:
            with write_whole_folder(dry_run) as written:
                copy_files(staging, written)
            return Publication(repo, _sizes(staging), difference, None)
        try:
            require_place(repo, "model", private=private)
            before = None if replace_card else fetch_card(repo, branch)
            if before is not None:
                write_text(staging / CARD, merge_card(before, text))
            address = _send(staging, repo, private, branch, create_pr)
        except SpeechEmotionError:
            raise
        except PUSH_FAULTS as error:
            raise ModelError(explain_push(error, repo)) from error
        return Publication(repo, _sizes(staging), difference, address)


def _send(
    folder: Path, repo: str, private: bool | None, branch: str | None, create_pr: bool
) -> str:
    """Send the files as they are, as `push_to_hub` would after another copy; return the address."""
    api = HfApi()  # its token is the environment's, or that of `hf auth login`
    api.create_repo(repo, private=private, exist_ok=True)
    if branch is not None:
        api.create_branch(repo, branch=branch, exist_ok=True)
    return str(
        api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            commit_message=f"Publish {FeatureConfig.load(folder).recipe}",
            revision=branch,
            create_pr=create_pr,
            # Files of a former model go in the same commit.
            delete_patterns=list(REPOSITORY_FILES),
        )
    )


def _sizes(folder: Path) -> dict[str, int]:
    """List the files of a model repository with their sizes [bytes]."""
    return {name: (folder / name).stat().st_size for name in files_in(folder)}
