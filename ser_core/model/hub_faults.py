"""What can go wrong between here and the Hugging Face Hub, each said in one sentence."""

import httpx2
from huggingface_hub.constants import ENDPOINT
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

UNREACHED = (
    httpx2.ConnectError,
    httpx2.ProxyError,
    httpx2.TimeoutException,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RevisionResolutionError,
)

FAULTS = (httpx2.HTTPError, OSError, ValueError, KeyError, RevisionResolutionError)
"""What the client raises for all that can go wrong; `explain` says what it was."""

PUSH_FAULTS = (
    httpx2.HTTPError,
    OSError,
    HFValidationError,
    RuntimeError,
    RevisionResolutionError,
    UnicodeEncodeError,
)
"""The same while it writes, which `explain_push` explains."""

NO_TOKEN = (
    "The token for the Hub has characters other than ASCII's, which no token has: log in again "
    "with `hf auth login`, or correct HF_TOKEN."
)


def explain(error: Exception, name: str, revision: str | None, *, repo_type: str = "model") -> str:
    """Say what went wrong and what to do, for whatever the client raised while it read.

    Args:
        error: one of FAULTS.
        name: id of the repository.
        revision: as it was asked for.
        repo_type: "model" or "dataset".

    Returns:
        One sentence.
    """
    if isinstance(error.__cause__, Exception) and not isinstance(error, httpx2.HTTPError):
        error = error.__cause__  # of "not in the cache", which the client says of all that fails
    if isinstance(error, HfHubHTTPError):
        return _refusal(error, name, revision, repo_type)
    if isinstance(error, HFValidationError):
        if repo_type == "dataset":
            return f"{name} is not the id of a Hub dataset (user/name)."
        return f"{name} is neither a folder here nor the id of a Hub repository (user/name)."
    if _is_of_header(error):
        return NO_TOKEN
    if isinstance(error, LocalTokenNotFoundError):
        return f"There is no stored token to read {name} with: log in with `hf auth login`."
    if isinstance(error, UNREACHED):
        instead = "a folder as NAME=PATH" if repo_type == "dataset" else "the path of a folder"
        return (
            f"{name} is not in the local cache, and the Hub cannot be reached or may not be "
            f"asked: connect once, or give {instead}."
        )
    if isinstance(error, OSError) and error.errno is not None:
        return f"The files of {name} cannot be written into the local cache: {error.strerror}."
    if isinstance(error, httpx2.HTTPError | OSError):
        return f"The download of {name} broke off, and nothing of it is used: try again."
    return (
        f"What answered for {name} at {ENDPOINT} is no Hub: check HF_ENDPOINT, and whether this "
        "network wants a login first."
    )


def explain_push(error: Exception, what: str) -> str:
    """Say why the Hub did not take something.

    Args:
        error: what the client raised while it wrote.
        what: such as "user/name" or "the Space user/space".

    Returns:
        One sentence.
    """
    while isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # of "error while uploading", which the client says of all of them
    if isinstance(error, HFValidationError):
        return f"{what} cannot be published: its id is not of the form user/name."
    if _is_of_header(error):
        return NO_TOKEN
    if isinstance(error, UNREACHED):
        return f"The Hub cannot be reached, so nothing was sent of {what}: connect and try again."
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        said = error.server_message or f"status {status}"
        if status in (401, 403, 404):
            return (
                f"The Hub did not take {what}: {said}; log in with `hf auth login` with a token "
                "that may write there."
            )
        if status < 500 and status != 429:
            return f"The Hub did not take {what}, and keeps what it had: {said}"
        return (
            f"The Hub takes nothing for now (status {status}), and keeps what it had of {what}: "
            "try again later."
        )
    if isinstance(error, OSError) and error.errno is not None:
        return f"The files of {what} cannot be read or written here: {error.strerror}."
    return (
        f"Sending {what} broke off ({type(error).__name__}), and the Hub keeps what it had: try "
        "again."
    )


def _is_of_header(error: Exception) -> bool:
    """Whether a request could not be made for a header, of which the token alone is a person's."""
    return isinstance(error, UnicodeEncodeError) and error.encoding == "ascii"


def _refusal(error: HfHubHTTPError, name: str, revision: str | None, repo_type: str) -> str:
    """Say what a status other than success means."""
    status = error.response.status_code
    page = f"{ENDPOINT}/datasets/{name}" if repo_type == "dataset" else f"{ENDPOINT}/{name}"
    kind = "dataset" if repo_type == "dataset" else "repository"
    if isinstance(error, GatedRepoError) and status == 401:
        return (
            f"{name} is gated: ask for access at {page}, and log in with `hf auth login` or give "
            "a token."
        )
    if isinstance(error, GatedRepoError):
        return f"{name} is gated, and the token has no access to it: ask for it at {page}."
    if isinstance(error, RepositoryNotFoundError) and status == 401:
        return (
            f"There is no Hub {kind} {name} that can be seen without a token: check the name, "
            "and log in with `hf auth login` if it is private."
        )
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"There is no Hub {kind} {name} that the token may see: check the name, and ask "
            "its owner for access if it is private."
        )
    if isinstance(error, RevisionNotFoundError):
        return f"The Hub {kind} {name} has no revision {revision or 'main'!r}."
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
