"""The model that a Space serves: a commit on the Hub, its files, and what they need to run."""

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HFValidationError

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ModelError, ModelNotFoundError
from ser_core.model.extras import needed_extras
from ser_core.model.files import FEATURE_CONFIG, FETCHED_FILES, require_files
from ser_core.model.hub_faults import FAULTS, UNREACHED, explain


@dataclass(frozen=True)
class HubModel:
    """A model repository on the Hub, as the Space needs it.

    Attributes:
        id: "user/name".
        revision: the commit that is served.
        files: names of the files that are fetched at the start.
        datasets: ids of the Hub datasets its card names.
        closed: whether it is private or gated, so that it is fetched with a token only.
        extras: keys of `ser_core.model.extras.EXTRAS`, what it needs beside the app's requirements.
        labels: what it answers with, in order.
    """

    id: str
    revision: str
    files: tuple[str, ...]
    datasets: tuple[str, ...] = ()
    closed: bool = False
    extras: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @classmethod
    def find(cls, repo: str, revision: str | None = None) -> "HubModel":
        """Ask the Hub about a model.

        Args:
            repo: "user/name".
            revision: branch, tag or commit; None for main.

        Returns:
            HubModel, whose revision is a commit.

        Raises:
            ModelNotFoundError: there is no such repository or revision, or it cannot be reached.
            ModelError: the repository holds nothing a Space could serve.
            ConfigError: its feature config is none that this version reads.
        """
        try:
            info = HfApi().model_info(repo, revision=revision)
            commit = info.sha
            assert commit is not None, "the Hub names the commit of every repository"
            present = {sibling.rfilename for sibling in info.siblings or ()}
            if FEATURE_CONFIG not in present:
                raise ModelError(
                    f"{repo} has no {FEATURE_CONFIG}, which a Space needs: publish it with "
                    "`python -m train publish`."
                )
            require_files(present, repo)
            config = Path(hf_hub_download(repo, FEATURE_CONFIG, revision=commit))
        except ModelError:
            raise
        except HFValidationError as error:
            raise ModelNotFoundError(
                f"{repo} is not the id of a Hub repository (user/name); a Space cannot read a "
                "folder: publish it first with `python -m train publish`."
            ) from error
        except UNREACHED as error:
            raise ModelNotFoundError(
                f"The Hub cannot be reached to ask about {repo}: connect and try again."
            ) from error
        except FAULTS as error:
            raise ModelNotFoundError(explain(error, repo, revision)) from error
        told = FeatureConfig.load(config.parent)
        files = tuple(name for name in FETCHED_FILES if name in present)
        named = (info.card_data.datasets if info.card_data else None) or ()
        return cls(
            id=repo,
            revision=commit,
            files=files,
            datasets=(named,) if isinstance(named, str) else tuple(named),
            closed=bool(info.private or info.gated),
            extras=needed_extras(told, files),
            labels=told.labels,
        )
