"""Repositories on the Hugging Face Hub: fetch a model, or say in a sentence why not.

A branch or tag costs one request when the files are in the cache, a commit hash none. When the
Hub says no, that is the answer; when it cannot be asked, the cached files serve.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from huggingface_hub import (
    DatasetInfo,
    HfApi,
    ModelInfo,
    ResolvedRevision,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.constants import HF_HUB_ETAG_TIMEOUT
from huggingface_hub.errors import HfHubHTTPError, RevisionResolutionError
from huggingface_hub.hf_api import KernelInfo, RepoSibling, SpaceInfo

from ..errors import ModelError, ModelNotFoundError
from .files import FEATURE_CONFIG, FETCHED_FILES, require_files
from .hub_faults import FAULTS, explain

Info = ModelInfo | DatasetInfo | SpaceInfo | KernelInfo
Announce = Callable[[Sequence[RepoSibling] | None, str], None]

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


class Api(HfApi):
    """The client's HfApi, which waits for ever when it asks about a repository; this one does not.

    It also remembers what it was told, so that nothing is asked twice.
    """

    def __init__(self, *, token: str | bool | None = None, sizes: bool = False) -> None:
        """Make a client.

        Args:
            token: a token, True for the stored one, False for none; None for the stored one if any.
            sizes: whether to ask how large files are.
        """
        super().__init__(token=token)
        self._sizes = sizes
        self._listings: dict[str, list[RepoSibling]] = {}  # by commit

    def repo_info(self, repo_id: str, **options: Any) -> Info:
        """Ask about a repository, as HfApi does."""
        options |= {"timeout": HF_HUB_ETAG_TIMEOUT, "files_metadata": self._sizes}
        info = super().repo_info(repo_id, **options)
        if info.sha is not None:
            siblings = None if isinstance(info, KernelInfo) else info.siblings
            self._listings[info.sha] = siblings or []
        return info

    def knows(self, commit: str) -> bool:
        """Whether the Hub said already what a commit holds."""
        return commit in self._listings

    def files(self, repo_id: str, commit: str, *, repo_type: str = "model") -> list[RepoSibling]:
        """List the files of a commit; asks the Hub unless it said so before."""
        if commit not in self._listings:
            self.repo_info(repo_id, repo_type=repo_type, revision=commit)
        return self._listings.get(commit, [])


def fetch(
    repo_id: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | PathLike[str] | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
    announce: Announce | None = None,
) -> Snapshot:
    """Download a model repository into huggingface_hub's cache, or find it there.

    Args:
        repo_id: "user/name".
        revision: a branch, tag or commit hash; None is the main branch.
        token: a token, True for the stored one, False for none; None for the stored one if any.
        cache_dir: the cache's folder; None is huggingface_hub's own.
        force_download: whether to download what is cached already.
        local_files_only: whether to send no request.
        announce: called before the download with the files that the commit holds, with their
            sizes, and the commit; with None for the files if the Hub could not be asked. It is not
            called for a commit that is in the cache.

    Returns:
        Snapshot.

    Raises:
        ModelNotFoundError: no such repository or revision, or it cannot be read or reached.
        ModelError: the repository is not one of ours.
    """
    api = Api(token=token, sizes=announce is not None)
    cache = None if cache_dir is None else Path(cache_dir)
    try:
        commit = resolve(api, repo_id, revision, cache_dir=cache, local_files_only=local_files_only)
        cached = try_to_load_from_cache(repo_id, FEATURE_CONFIG, cache, revision=commit.resolved)
        files = api.files(repo_id, commit.resolved) if api.knows(commit.resolved) else None
        if not local_files_only and not isinstance(cached, str):
            # Before any download: a stranger's gigabytes, or half a minute of retries when offline.
            files = api.files(repo_id, commit.resolved)
            require_files((file.rfilename for file in files), repo_id)
        if announce is not None and (files is not None or commit.resolved != revision):
            announce(files, commit.resolved)
        directory = snapshot_download(
            repo_id,
            revision=commit,
            token=token,
            cache_dir=cache,
            force_download=force_download,
            local_files_only=local_files_only,
            allow_patterns=list(FETCHED_FILES),
        )
    except ModelError:
        raise
    except FAULTS as error:
        raise ModelNotFoundError(explain(error, repo_id, revision)) from error
    return Snapshot(Path(directory), commit.resolved)


def resolve(
    api: HfApi,
    repo_id: str,
    revision: str | None,
    *,
    repo_type: str = "model",
    cache_dir: str | PathLike[str] | None = None,
    local_files_only: bool = False,
) -> ResolvedRevision:
    """Find the commit that a revision is now, or was when the Hub could last be asked."""
    cache = None if cache_dir is None else Path(cache_dir)

    def ask(local_files_only: bool) -> ResolvedRevision:
        return api.resolve_revision(
            repo_id,
            repo_type=repo_type,
            revision=revision,
            cache_dir=cache,
            local_files_only=local_files_only,
        )

    try:
        return ask(local_files_only)
    except HfHubHTTPError as error:
        # The client itself turns to the cache, and says so, when it is offline or gets a 5xx.
        if error.response.status_code != 429:
            raise
        try:
            commit = ask(local_files_only=True)
        except RevisionResolutionError:
            raise error from None
        _log.warning("The Hub asks for a pause: %s is served from the local cache.", repo_id)
        return commit
