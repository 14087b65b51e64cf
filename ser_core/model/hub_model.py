"""A model that a folder or a Hub repository holds: loading, saving, pushing, and travelling."""

import json
import os
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from huggingface_hub import ModelHubMixin

from ..config.feature_config import FeatureConfig
from ..config.whole_files import write_text
from ..errors import AdaptationError, ArgumentError, ModelError
from . import hub
from .files import CARD, NETWORK, REPOSITORY_FILES, copy_files, own_files
from .origin import LoadedModel, Origin, load_model
from .predictor import Predictor
from .runtime import check_form
from .teaching import TaughtHead


class Taught(NamedTuple):
    """What a model was taught since it was loaded.

    Attributes:
        config: FeatureConfig, with the taught labels.
        head: TaughtHead.
        network: digest of the folder's files that it was taught on; "" for a Hub's commit.
    """

    config: FeatureConfig
    head: TaughtHead
    network: str


class HubModel(ModelHubMixin):
    """A loaded model repository, from a folder or the Hub; `EmotionRecognizer` is one.

    It pickles as what it was loaded from, what it is adapted to and what it was taught, without the
    network: the process that unpickles it loads the same files again once they are needed.

    Attributes:
        source: str, the folder or repository id as it was given.
        revision: str, the hash of the Hub's commit that it was loaded from; None for a folder.
        adapted_to: int, number of enrolment recordings of the voice it is adapted to; 0 for none.
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        *,
        source: str | None = None,
        revision: str | None = None,
        form: str | None = None,
        cache_dir: str | PathLike[str] | None = None,
    ) -> None:
        """Load a local model repository.

        Args:
            directory: folder with the files of a model repository.
            source: the name it was asked for by; None for the folder itself.
            revision: the commit it was downloaded from, if it was.
            form: as for `from_pretrained`.
            cache_dir: where it was downloaded to, if it was.

        Raises:
            ConfigError: `feature_config.json` is not valid.
            ModelError: files are missing, cannot be run, or do not match the config.
            ArgumentError: there is no such form.
        """
        check_form(form)
        self._hub_mixin_config = None  # where the mixin keeps our arguments
        folder = Path(directory)
        self.source = source or str(directory)
        self.revision = revision
        self.adapted_to = 0
        self._offset: np.ndarray | None = None  # (classes,) [nats]
        self._taught: Taught | None = None  # since it was loaded
        if revision is None:
            name = folder.absolute().name
            self._origin = Origin(str(folder.absolute()), form=form)
        else:
            name = self.source
            cache = None if cache_dir is None else os.path.abspath(cache_dir)
            self._origin = Origin(self.source, revision, form, cache)
        self._loaded: LoadedModel | None = load_model(folder, form, name)

    @property
    def directory(self) -> Path:
        """The folder of the local files."""
        return self._load().directory

    @property
    def config(self) -> FeatureConfig:
        """Everything around the network."""
        return self._load().config if self._taught is None else self._taught.config

    @property
    def head(self) -> TaughtHead | None:
        """What it was taught, since it was loaded or before it was saved; None for nothing."""
        return self._load().head if self._taught is None else self._taught.head

    @property
    def predictor(self) -> Predictor:
        """The network, and what pools and adapts its answers."""
        return Predictor(self.config, self._load().runtime, self._offset, self.head)

    @property
    def network_predictor(self) -> Predictor:
        """The network that was loaded, neither adapted nor taught."""
        model = self._load()
        return Predictor(model.network_config, model.runtime)

    def _load(self) -> LoadedModel:
        if self._loaded is None:
            model = self._origin.reload()
            self._require_taught_network(model)
            self._loaded = model
        return self._loaded

    def _require_taught_network(self, model: LoadedModel) -> None:
        """Raise ModelError where the folder has come to hold another network than was taught on."""
        if self._taught is not None and self._taught.network != self._origin.digest(
            model.directory
        ):
            raise ModelError(
                f"The files in {self.source} have changed since labels were taught on them: load "
                "them and teach again."
            )

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_loaded": None}

    def __copy__(self) -> Self:
        return self._with_offset(self._offset, self.adapted_to)

    def _with_offset(self, offset: np.ndarray | None, count: int) -> Self:
        """Make another model with this network, and the offset of a voice's `count` recordings."""
        other = type(self).__new__(type(self))
        other.__dict__.update(vars(self), _offset=offset, adapted_to=count)
        return other

    def _with_head(self, head: TaughtHead) -> Self:
        """Make another model with this network, adapted to no voice, that answers by a head."""
        other = self._with_offset(None, 0)
        model = self._load()
        config = head.taught_config(model.network_config)
        other._taught = Taught(config, head, self._origin.digest(model.directory))
        return other

    @classmethod
    def from_pretrained(  # type: ignore[override]  # the mixin takes any keyword, and this does not
        cls,
        pretrained_model_name_or_path: str | PathLike[str],
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | PathLike[str] | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        form: str | None = None,
    ) -> Self:
        """Load a model from a folder or from the Hugging Face Hub.

        Args:
            pretrained_model_name_or_path: a folder, or the id of a Hub repository ("user/name").
            revision: a branch, tag or commit hash; None is the main branch.
            token: a token, True for the stored one, False for none; None for the stored one if any.
            cache_dir: where downloads are kept; None is huggingface_hub's own cache.
            force_download: whether to download what is cached already.
            local_files_only: whether to send no request, and use the cache alone.
            form: "float32"; "float16" or "int8", which are smaller, if the repository has them;
                None for the best that it has: in this order float32, int8, float16, Keras' own
                save.

        Returns:
            The model.

        Raises:
            ModelNotFoundError: no such folder, repository or revision, or it cannot be reached.
            ModelError: the repository is not one of ours or cannot be run.
            ConfigError: its feature config is not valid.
            ArgumentError: there is no such form.
        """
        # The mixin's own would ask the Hub for Keras' config.json first, and again for the rest.
        if not isinstance(pretrained_model_name_or_path, str | PathLike):
            raise ArgumentError(
                "from_pretrained takes a folder or the id of a Hub repository, got "
                f"{pretrained_model_name_or_path!r:.60}."
            )
        check_form(form)
        name = os.fspath(pretrained_model_name_or_path)
        if os.path.isdir(name):
            return cls(name, source=name, form=form)
        snapshot = hub.fetch(
            name,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
        )
        return cls(
            snapshot.directory,
            source=name,
            revision=snapshot.revision,
            form=form,
            cache_dir=cache_dir,
        )

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Push the model repository to the Hugging Face Hub, in one commit.

        Files of ours that a former model had and this one has not are deleted in that commit; else
        an old network would be served with a new config. That goes for files that take samples
        (`model.onnx` and the like), too: `from_pretrained` does not fetch them, so a model of the
        Hub that is pushed has none, and `python -m train publish` makes them again.

        Args:
            repo_id: "user/name"; made if it is not there.
            **options: as in huggingface_hub's ModelHubMixin.push_to_hub.

        Returns:
            The commit's address.

        Raises:
            AdaptationError: it is adapted to a voice.
        """
        self._refuse_to_give_away_a_voice()
        return super().push_to_hub(repo_id, **{"delete_patterns": list(REPOSITORY_FILES)} | options)

    def save_pretrained(
        self,
        save_directory: str | PathLike[str],
        *,
        config: Any = None,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        model_card_kwargs: dict[str, Any] | None = None,
        **push_to_hub_kwargs: Any,
    ) -> str | None:
        """Write the model repository into a folder, so that `from_pretrained` reads it back.

        Files that a former model left there go; files that are none of a repository's stay. Files
        that take samples go with it where they say that they are of this network.

        Args:
            save_directory: the folder; made if it is not there.
            config: a dict or dataclass that is written as config.json, where Keras has none.
            repo_id: "user/name" to push it to; None for the folder's name.
            push_to_hub: whether to push it afterwards.
            model_card_kwargs: of huggingface_hub's card, for a model that has none of ours.
            **push_to_hub_kwargs: as for `push_to_hub`.

        Returns:
            The commit's address; None where nothing is pushed.

        Raises:
            AdaptationError: it is adapted to a voice.
            ModelError: the folder is the one it was loaded from, or it was taught on files that
                have changed since.
            OSError: it cannot be written; where the disk is full, what was there stays.
        """
        # The mixin's own deletes config.json first, and then finds out whether there is room.
        self._refuse_to_give_away_a_voice()
        target = Path(save_directory)
        if target.exists() and target.samefile(self.directory):
            # What was taught would take the place of what it was taught on.
            raise ModelError(f"The model already is in {target}: save it into another folder.")
        target.mkdir(parents=True, exist_ok=True)
        self._save_pretrained(target)
        card_options = model_card_kwargs or {}
        if config is not None:
            config = config if isinstance(config, dict) else asdict(config)
            push_to_hub_kwargs["config"] = config
            if not (target / NETWORK).exists():
                write_text(target / NETWORK, json.dumps(config, sort_keys=True, indent=2))
        if not (target / CARD).exists():
            write_text(target / CARD, str(self.generate_model_card(**card_options)))
        if not push_to_hub:
            return None
        return self.push_to_hub(
            repo_id or target.name, model_card_kwargs=card_options, **push_to_hub_kwargs
        )

    def _refuse_to_give_away_a_voice(self) -> None:
        if self.adapted_to:
            raise AdaptationError(
                "This recognizer is adapted to somebody's voice and is neither saved nor pushed: "
                "save the one it was adapted from."
            )

    def _save_pretrained(self, save_directory: Path) -> None:
        if self._taught is None:
            copy_files(self.directory, save_directory, own_files(self.directory))
            return
        from .taught_repository import taught_files, taught_texts  # which takes time to import

        model, base = self._load(), self.source if self.revision is not None else ""
        self._require_taught_network(model)
        config, head = self._taught.config, self._taught.head
        texts = taught_texts(model.directory, model.network_config, config, head, base)
        copy_files(model.directory, save_directory, taught_files(model.directory), texts)
