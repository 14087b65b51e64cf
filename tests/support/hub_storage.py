"""What the Hub for tests holds: repositories with atomic commits, branches, tags and blobs."""

import fnmatch
import hashlib
import threading
from dataclasses import dataclass, field
from functools import cached_property

LFS_PATTERNS = ("*.h5", "*.tflite", "*.parquet", "*.npz", "*.bin", "*.flac", "*.wav", "*.mp3")
LFS_SIZE = 10 * 2**20  # [bytes] files from here on go to the large file storage
ATTRIBUTES = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in LFS_PATTERNS)


class HubError(Exception):
    """An answer other than success.

    Attributes:
        status: int, of HTTP.
        code: the X-Error-Code that the real Hub sends with it, or None.
    """

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Blob:
    """A file's content, and whether it lies in the large file storage."""

    data: bytes
    lfs: bool = False

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def git_oid(self) -> str:
        """The id that git gives it: of a pointer file where the content lies elsewhere."""
        data = self.pointer if self.lfs else self.data
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.git_oid

    @property
    def pointer(self) -> bytes:
        lines = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
        return lines.format(self.sha256, len(self.data)).encode()


@dataclass(frozen=True)
class Commit:
    """A whole state of a repository.

    Attributes:
        oid: str, 40 hexadecimal digits.
        title: str, the first line of its message.
        blobs: what it holds, by path.
        parent: the commit before it, or None.
    """

    oid: str
    title: str
    blobs: dict[str, Blob]
    parent: "Commit | None"


@dataclass
class Repository:
    """A model, data set or Space.

    Attributes:
        kind: "model", "dataset" or "space".
        id: str, "user/name".
        private: only its owner sees it.
        gated: all see it, only its owner and `granted` may read its files.
        granted: names of users.
        refs: commits by branch, by "refs/pr/N" and by tag.
        variables: a Space's, as text by name.
        secrets: a Space's, as text by name; the server never sends the values.
        sdk: a Space's, such as "gradio".
        restarts: int, how often a Space was told to start again.
    """

    kind: str
    id: str
    private: bool = False
    gated: bool = False
    granted: set[str] = field(default_factory=set)
    refs: dict[str, Commit] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    sdk: str | None = None
    restarts: int = 0
    _commits: dict[str, Commit] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._append("main", "initial commit", {".gitattributes": Blob(ATTRIBUTES.encode())}, None)

    @property
    def owner(self) -> str:
        return self.id.split("/")[0]

    @property
    def pull_requests(self) -> list[str]:
        return [name for name in self.refs if name.startswith("refs/pr/")]

    def resolve(self, revision: str = "main") -> Commit:
        """Return the commit of a branch, tag, "refs/pr/N" or hash; raises HubError."""
        commit = self.refs.get(revision) or self._commits.get(revision)
        if commit is None:
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Return the content of every file by path, `.gitattributes` left out."""
        blobs = self.resolve(revision).blobs
        return {path: blob.data for path, blob in blobs.items() if path != ".gitattributes"}

    def history(self, revision: str = "main") -> list[Commit]:
        """Return the commits of a revision, newest first."""
        commits, commit = [], self.resolve(revision)
        while commit is not None:
            commits.append(commit)
            commit = commit.parent
        return commits

    def write(
        self, files: dict[str, bytes], *, title: str = "write", revision: str = "main"
    ) -> str:
        """Replace or add files in one commit, with no client; return the commit's hash."""
        blobs = {path: Blob(data, is_lfs(path, len(data))) for path, data in files.items()}
        return self.commit(revision, title, blobs).oid

    def commit(
        self,
        revision: str,
        title: str,
        blobs: dict[str, Blob],
        *,
        deleted: list[str] = (),
        parent: str | None = None,
        pull_request: bool = False,
    ) -> Commit:
        """Put one commit on a branch, or on a new pull request of it, at once.

        Raises:
            HubError: the branch is not there, or `parent` is no longer its newest commit.
        """
        with self._lock:
            before = self.resolve(revision)
            if revision not in self.refs or revision in self.tags:
                raise HubError(403, f"{revision} is no branch")
            if parent is not None and not before.oid.startswith(parent):
                raise HubError(412, "A commit has happened since. Please refresh and try again.")
            kept = {
                path: blob
                for path, blob in before.blobs.items()
                if not any(
                    path == name or path.startswith(f"{name.rstrip('/')}/") for name in deleted
                )
            }
            ref = f"refs/pr/{len(self.pull_requests) + 1}" if pull_request else revision
            return self._append(ref, title, kept | blobs, before)

    def _append(
        self, ref: str, title: str, blobs: dict[str, Blob], before: Commit | None
    ) -> Commit:
        count = len(self._commits)
        text = f"{self.kind} {self.id} {ref} {title} {count} {sorted(blobs)}"
        commit = Commit(hashlib.sha1(text.encode()).hexdigest(), title, blobs, before)
        self._commits[commit.oid] = commit
        self.refs[ref] = commit
        return commit


def is_lfs(path: str, size: int) -> bool:
    """Whether the Hub keeps such a file in the large file storage."""
    name = path.rsplit("/", 1)[-1]
    return size >= LFS_SIZE or any(fnmatch.fnmatch(name, pattern) for pattern in LFS_PATTERNS)
