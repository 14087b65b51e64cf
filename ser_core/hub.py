"""Model repositories on the Hugging Face Hub: fetch one, or say in a sentence why not.

A branch or tag costs one request when the files are in the cache, a commit hash none. When the
Hub says no, that is the answer; when it cannot be asked, the cached files serve.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import httpx2
from huggingface_hub import (
    HfApi,
    ModelInfo,
    ResolvedRevision,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.constants import ENDPOINT, HF_HUB_ETAG_TIMEOUT
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)

from .config import FILE_NAME
from .errors import ModelError, ModelNotFoundError
from .runtime import KERAS_FILES, LITERT_FILE

REPOSITORY_FILES = (
    "README.md",
    *KERAS_FILES,
    LITERT_FILE,
    FILE_NAME,
    "metrics.json",
    "dataset.json",
    "recipe.toml",
    "comparison.json",
)
"""Names of the files of a model repository; nothing else is downloaded, saved or pushed."""

UNREACHED = (
    httpx2.ConnectError,
    httpx2.ProxyError,
    httpx2.TimeoutException,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RevisionResolutionError,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """A repository's files as they were at one commit.

    Attributes:
        directory: Path of the local files.
        revision: str, the commit's hash.
    """

    directory: Path
    revision: str


class _Api(HfApi):
    """The client's HfApi, which by itself waits for ever when it asks about a repository."""

    def repo_info(self, repo_id: str, **options) -> ModelInfo:
        return super().repo_info(repo_id, timeout=HF_HUB_ETAG_TIMEOUT, **options)


def fetch(
    repo_id: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | PathLike | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
) -> Snapshot:
    """Download a model repository into huggingface_hub's cache, or find it there.

    Args:
        repo_id: "user/name".
        revision: a branch, tag or commit hash; None is the main branch.
        token: a token, True for the stored one, False for none; None for the stored one if any.
        cache_dir: the cache's folder; None is huggingface_hub's own.
        force_download: whether to download what is cached already.
        local_files_only: whether to send no request.

    Returns:
        Snapshot.

    Raises:
        ModelNotFoundError: no such repository or revision, or it cannot be read or reached.
        ModelError: the repository is not one of ours.
    """
    api = _Api(token=token)
    try:
        commit = _resolve(api, repo_id, revision, cache_dir, local_files_only)
        cached = try_to_load_from_cache(repo_id, FILE_NAME, cache_dir, revision=commit.resolved)
        if not local_files_only and not isinstance(cached, str):
            # Before any download: a stranger's gigabytes, or half a minute of retries when offline.
            files = api.repo_info(repo_id, revision=commit.resolved).siblings or ()
            require_files((file.rfilename for file in files), repo_id)
        directory = snapshot_download(
            repo_id,
            revision=commit,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
            allow_patterns=list(REPOSITORY_FILES),
        )
    except ModelError:
        raise
    except (httpx2.HTTPError, OSError, ValueError, KeyError, RevisionResolutionError) as error:
        raise ModelNotFoundError(_sentence(error, repo_id, revision)) from error
    return Snapshot(Path(directory), commit.resolved)


def require_files(names: Iterable[str], source: str) -> None:
    """Raise unless there are files enough to predict with.

    Args:
        names: of the files there are.
        source: what to call the repository in the error.

    Raises:
        ModelError: with the names of what is missing.
    """
    names = set(names)
    if FILE_NAME not in names:
        raise ModelError(f"{source} is no model repository of ours: it has no {FILE_NAME}.")
    missing = [name for name in KERAS_FILES if name not in names]
    if LITERT_FILE not in names and missing:
        raise ModelError(
            f"{source} is no model repository of ours: it has no {LITERT_FILE}, "
            f"and {', '.join(missing)} is missing too."
        )


def _resolve(
    api: HfApi,
    repo_id: str,
    revision: str | None,
    cache_dir: str | PathLike | None,
    local_files_only: bool,
) -> ResolvedRevision:
    """Find the commit that a revision is now, or was when the Hub could last be asked."""
    options = {"revision": revision, "cache_dir": cache_dir}
    try:
        return api.resolve_revision(repo_id, **options, local_files_only=local_files_only)
    except HfHubHTTPError as error:
        # The client itself turns to the cache, and says so, when it is offline or gets a 5xx.
        if error.response.status_code != 429:
            raise
        try:
            commit = api.resolve_revision(repo_id, **options, local_files_only=True)
        except RevisionResolutionError:
            raise error from None
        _log.warning("The Hub asks for a pause: %s is served from the local cache.", repo_id)
        return commit


def _sentence(error: Exception, name: str, revision: str | None) -> str:
    """Say what went wrong and what to do, for whatever the client raised."""
    if error.__cause__ is not None and not isinstance(error, httpx2.HTTPError):
        error = error.__cause__  # of "not in the cache", which the client says of all that fails
    if isinstance(error, HfHubHTTPError):
        return _refusal(error, name, revision)
    if isinstance(error, HFValidationError):
        return f"{name} is neither a folder here nor the id of a Hub repository (user/name)."
    if isinstance(error, LocalTokenNotFoundError):
        return f"There is no stored token to read {name} with: log in with `hf auth login`."
    if isinstance(error, UNREACHED):
        return (
            f"{name} is not in the local cache, and the Hub cannot be reached or may not be "
            "asked: connect once, or give the path of a folder."
        )
    if isinstance(error, OSError) and error.errno is not None:
        return f"The files of {name} cannot be written into the local cache: {error.strerror}."
    if isinstance(error, httpx2.HTTPError | OSError):
        return f"The download of {name} broke off, and nothing of it is used: try again."
    return (
        f"What answered for {name} at {ENDPOINT} is no Hub: check HF_ENDPOINT, and whether this "
        "network wants a login first."
    )


def _refusal(error: HfHubHTTPError, name: str, revision: str | None) -> str:
    """Say what a status other than success means."""
    status = error.response.status_code
    page = f"{ENDPOINT}/{name}"
    if isinstance(error, GatedRepoError) and status == 401:
        return (
            f"{name} is gated: ask for access at {page}, and log in with `hf auth login` or give "
            "a token."
        )
    if isinstance(error, GatedRepoError):
        return f"{name} is gated, and the token has no access to it: ask for it at {page}."
    if isinstance(error, RepositoryNotFoundError) and status == 401:
        return (
            f"There is no Hub repository {name} that can be seen without a token: check the name, "
            "and log in with `hf auth login` if it is private."
        )
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"There is no Hub repository {name} that the token may see: check the name, and ask "
            "its owner for access if it is private."
        )
    if isinstance(error, RevisionNotFoundError):
        return f"The Hub repository {name} has no revision {revision or 'main'!r}."
    if status == 401:
        return (
            f"The Hub does not know the token that came with the request for {name}: log in again "
            "with `hf auth login`, or correct HF_TOKEN."
        )
    if status == 429:
        pause = error.response.headers.get("Retry-After")
        until = f"in {pause} seconds" if pause else "later"
        return (
            f"The Hub takes no more requests for now, and {name} is not in the local cache: try "
            f"again {until}."
        )
    if status >= 500:
        return (
            f"The Hub is out of order (status {status}), and {name} is not in the local cache: "
            "try again later."
        )
    return f"The Hub did not give {name}: {error.server_message or f'status {status}'}"
