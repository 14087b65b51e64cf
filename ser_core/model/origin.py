"""Where a model was loaded from: enough to load it again, in another process or elsewhere."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..config.feature_config import FeatureConfig
from ..errors import ModelError, SpeechEmotionError
from . import hub
from .check import Check, check_head_digest, try_network
from .extras import needed_extras, require_extras
from .files import choose_form, files_in, model_digest, require_files
from .predictor import Predictor
from .runtime import Runtime, load_runtime
from .teaching import TaughtHead, read_head_digest

_KEPT = 4  # models that a process keeps of those that it loaded again


class LoadedModel(NamedTuple):
    """A model repository's files, loaded.

    Attributes:
        directory: Path of the local files.
        config: FeatureConfig.
        runtime: Runtime, what runs the network.
        head: TaughtHead; None for a model that was not taught.
        network_digest: str, by which the network is known; empty where no `check.json` is.
    """

    directory: Path
    config: FeatureConfig
    runtime: Runtime
    head: TaughtHead | None = None
    network_digest: str = ""

    @property
    def network_config(self) -> FeatureConfig:
        """The config of the network itself, whatever was taught on top of it."""
        return self.config if self.head is None else self.head.network_config(self.config)


@dataclass(frozen=True)
class Origin:
    """Where a model was loaded from.

    Attributes:
        source: str, the absolute path of a folder, or the id of a Hub repository.
        revision: str, the hash of the Hub's commit; None for a folder.
        form: str, a name in `ser_core.model.files.LITERT_FORMS`; None for the best that is there.
        cache_dir: str, where downloads are kept; None for huggingface_hub's own cache.
    """

    source: str
    revision: str | None = None
    form: str | None = None
    cache_dir: str | None = None

    def reload(self) -> LoadedModel:
        """Load the model again, or take it from what this process loaded again before.

        Files of a commit that are in the cache cost no request.

        Raises:
            ModelNotFoundError: it is not there any more.
            ModelError: its files cannot be run any more.
            ConfigError: its config is not valid any more.
        """
        if self.revision is None:
            directory = Path(self.source)
        else:
            snapshot = hub.fetch(self.source, revision=self.revision, cache_dir=self.cache_dir)
            directory = snapshot.directory
        return _reload(self, directory, _fingerprint(directory))

    def digest(self, directory: Path) -> str:
        """Digest the model's files in a folder that may come to hold others; "" for a commit's."""
        return _digest(directory, _fingerprint(directory)) if self.revision is None else ""


def load_model(directory: Path, form: str | None, name: str) -> LoadedModel:
    """Load a local model repository, and try its network once (see ser_core.model.check).

    Args:
        directory: its folder.
        form: as for `load_runtime`.
        name: what to call it in an error.

    Raises:
        ConfigError: `feature_config.json`, `head.json` or `check.json` is not valid, or one of the
            former two is another model's.
        ModelError: files are missing, cannot be run, do not match the config, answer otherwise than
            when they were saved, or need packages that are not installed.
        ArgumentError: there is no such form.
    """
    names = files_in(directory)
    require_files(names, name)
    config, head = FeatureConfig.load(directory), TaughtHead.load(directory)
    require_extras(needed_extras(config, names, form), name)
    check = Check.load(directory)
    check_head_digest(check, read_head_digest(directory), directory)
    network = config if head is None else head.network_config(config)
    try:
        runtime = load_runtime(directory, network, form)
        try_network(Predictor(network, runtime), choose_form(names, form), check, directory)
        if head is not None:
            head.check_size(runtime.embedding_size)
    except SpeechEmotionError:
        raise
    except Exception as error:  # whatever a stranger's file has LiteRT or Keras stumble over
        raise ModelError(
            f"The network of {name} cannot be run (unexpected {type(error).__name__}): its files "
            "are damaged, or were made for something else; get the repository again."
        ) from error
    digest = "" if check is None else check.digest_network()
    return LoadedModel(directory, config, runtime, head, digest)


def _fingerprint(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """Tell when a folder's files were changed, so that another model in it is not missed."""
    if not directory.is_dir():
        return ()
    stats = [(name, (directory / name).stat()) for name in files_in(directory)]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


@lru_cache(maxsize=_KEPT)
def _digest(directory: Path, fingerprint: tuple[tuple[str, int, int], ...]) -> str:
    return model_digest(directory)


# A pool sends its recognizer with every task: without this, each would load the network again.
@lru_cache(maxsize=_KEPT)
def _reload(
    origin: Origin, directory: Path, fingerprint: tuple[tuple[str, int, int], ...]
) -> LoadedModel:
    name = directory.name if origin.revision is None else origin.source
    return load_model(directory, origin.form, name)
