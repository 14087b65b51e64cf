"""The repository on the Hub that something is sent to, as it is before anything is sent."""

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from ser_core.errors import ConfigError


def require_place(
    repo: str, repo_type: str, *, private: bool | None = None, sdk: str | None = None
) -> None:
    """Ask the Hub whether something can be sent to a repository, which it makes where none is.

    Args:
        repo: "user/name".
        repo_type: "model", "dataset" or "space".
        private: whether it is to be private.
        sdk: of a Space, what it is to run on; another one's files would stay between ours.

    Raises:
        ConfigError: it is there and public, and is to be private; or it is a Space of another kind.
        HfHubHTTPError, httpx2.HTTPError: the Hub does not say.
    """
    try:
        info = HfApi().repo_info(repo, repo_type=repo_type)
    except RepositoryNotFoundError:
        return
    what = {"dataset": "dataset", "space": "Space"}.get(repo_type, "repository")
    there = getattr(info, "sdk", None)
    if sdk is not None and there not in (None, sdk):
        raise ConfigError(
            f"The Space {repo} is there and of another kind (its SDK is {there}, not {sdk}): name "
            "another one with --repo, or delete it there."
        )
    if private and not info.private:
        raise ConfigError(
            f"The {what} {repo} is there and public, and --private is for one that is made anew: "
            f"make the {what} private in its settings, or name another one with --repo."
        )
