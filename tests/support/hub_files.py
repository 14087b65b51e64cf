"""What the Hub for tests answers about files: trees, uploads, commits and downloads."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.support.hub_storage import Blob, Commit, HubError, Repository, is_lfs

KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/"}


@dataclass
class Answer:
    """A status, a body and headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, data, status: int = 200) -> "Answer":
        return cls(status, json.dumps(data).encode(), {"Content-Type": "application/json"})

    @classmethod
    def of_error(cls, error: HubError) -> "Answer":
        answer = cls.of_json({"error": str(error)}, error.status)
        answer.headers["X-Error-Message"] = str(error)
        if error.code is not None:
            answer.headers["X-Error-Code"] = error.code
        return answer


@dataclass
class Call:
    """One request as the routes see it: whose it is, for which repository, with what."""

    user: str | None
    may_write: bool
    repository: Repository | None
    argument: str  # what follows the route's name: mostly a revision
    folder: str
    query: dict[str, list[str]]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body or b"{}")


class FileRoutes:
    """The routes that read and write files.

    Attributes:
        url: str, where the server is.
        storage: str, where it is under the name of the large file storage.
        repositories: by kind and id.
    """

    def __init__(self, url: str, storage: str) -> None:
        self.url = url
        self.storage = storage
        self.repositories: dict[tuple[str, str], Repository] = {}
        self._uploads: dict[str, bytes] = {}

    def _own(self, call: Call) -> None:
        if call.user is None:
            raise HubError(401, "Invalid username or password.")
        if call.repository.owner != call.user or not call.may_write:
            raise HubError(403, "You don't have the rights to write to this repository")

    def _tree(self, call: Call) -> Answer:
        revision, folder = call.argument, call.folder
        blobs = call.repository.resolve(revision).blobs
        start = f"{folder}/" if folder else ""
        inside = {path: blob for path, blob in blobs.items() if path.startswith(start)}
        if folder and not inside:
            raise HubError(404, f"{folder} does not exist on {revision}", "EntryNotFound")
        deep = call.query.get("recursive") == ["true"]
        files = [
            _entry(path, blob)
            for path, blob in inside.items()
            if deep or "/" not in path.removeprefix(start)
        ]
        folders = {
            start + "/".join(parts[:depth])
            for parts in (path.removeprefix(start).split("/") for path in inside)
            for depth in range(1, len(parts) if deep else min(2, len(parts)))
        }
        listed = [
            {"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in folders
        ]
        return Answer.of_json(listed + files)

    def _paths_info(self, call: Call) -> Answer:
        wanted = parse_qs(call.body.decode()).get("paths", [])
        blobs = call.repository.resolve(call.argument).blobs
        return Answer.of_json([_entry(path, blobs[path]) for path in wanted if path in blobs])

    def _preupload(self, call: Call) -> Answer:
        if "create_pr" not in call.query:
            self._own(call)
        blobs = call.repository.resolve(call.argument).blobs
        files = []
        for file in call.json["files"]:
            path = file["path"]
            mode = "lfs" if is_lfs(path, file["size"]) else "regular"
            entry = {"path": path, "uploadMode": mode, "shouldIgnore": False}
            files.append(entry | ({"oid": blobs[path].etag} if path in blobs else {}))
        return Answer.of_json({"files": files})

    def _batch(self, call: Call) -> Answer:
        if call.user is None:
            raise HubError(401, "Invalid username or password.")
        objects = []
        for item in call.json["objects"]:
            entry = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self._uploads:
                entry["actions"] = {"upload": {"href": f"{self.storage}/upload/{item['oid']}"}}
            objects.append(entry)
        return Answer.of_json({"transfer": "basic", "objects": objects})

    def _upload(self, oid: str, body: bytes) -> Answer:
        if hashlib.sha256(body).hexdigest() != oid:
            raise HubError(400, "The content does not have the promised hash")
        self._uploads[oid] = body
        return Answer(200)

    def _commit(self, call: Call) -> Answer:
        pull_request = "create_pr" in call.query
        if not pull_request:
            self._own(call)
        elif call.user is None:
            raise HubError(401, "Invalid username or password.")
        header, blobs, deleted = {}, {}, []
        for line in call.body.splitlines():
            key, value = (item := json.loads(line))["key"], item["value"]
            if key == "header":
                header = value
            elif key == "file":
                blobs[value["path"]] = Blob(base64.b64decode(value["content"]))
            elif key == "lfsFile":
                if value["oid"] not in self._uploads:
                    raise HubError(400, f"{value['path']} was not uploaded")
                blobs[value["path"]] = Blob(self._uploads[value["oid"]], lfs=True)
            elif key in ("deletedFile", "deletedFolder"):
                deleted.append(value["path"])
        commit = call.repository.commit(
            call.argument,
            header["summary"],
            blobs,
            deleted=deleted,
            parent=header.get("parentCommit"),
            pull_request=pull_request,
        )
        place = f"{self.url}/{PREFIXES[call.repository.kind]}{call.repository.id}"
        answer = {
            "success": True,
            "commitOid": commit.oid,
            "commitUrl": f"{place}/commit/{commit.oid}",
        }
        if pull_request:
            number = call.repository.pull_requests[-1].rsplit("/", 1)[-1]
            answer["pullRequestUrl"] = f"{place}/discussions/{number}"
        return Answer.of_json(answer)

    def _resolve(
        self, repository: Repository, revision: str, path: str, user: str | None
    ) -> Answer:
        if repository.gated and user not in {repository.owner, *repository.granted}:
            message = f"Access to {repository.kind} {repository.id} is restricted."
            raise HubError(401 if user is None else 403, message, "GatedRepo")
        commit = repository.resolve(revision)
        blob = _blob(commit, path)
        headers = {"X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
        if not blob.lfs:
            return Answer(200, blob.data, headers | {"ETag": f'"{blob.etag}"'})
        place = f"/stored/{blob.sha256}/{repository.kind}s/{repository.id}/{commit.oid}/{path}"
        headers |= {"X-Linked-ETag": f'"{blob.etag}"', "X-Linked-Size": str(len(blob.data))}
        return Answer(302, b"", headers | {"Location": self.storage + place})

    def _stored(self, sha256: str, kind: str, name: str, commit: str, path: str) -> Answer:
        blob = _blob(self.repositories[KINDS[kind], name].resolve(commit), path)
        if blob.sha256 != sha256:
            raise HubError(403, "The signature does not match")
        return Answer(200, blob.data, {"ETag": f'"{sha256}"'})


def _blob(commit: Commit, path: str) -> Blob:
    if path not in commit.blobs:
        raise HubError(404, f"{path} does not exist on {commit.oid}", "EntryNotFound")
    return commit.blobs[path]


def part(answer: Answer, wanted: str | None) -> Answer:
    """Cut an answer to the bytes that a Range header asks for, "bytes=N-" or "bytes=N-M"."""
    if wanted is None or answer.status != 200:
        return answer
    size = len(answer.body)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last or size), size - 1)
    headers = answer.headers | {"Content-Range": f"bytes {start}-{end}/{size}"}
    return Answer(206, answer.body[start : end + 1], headers)


def _entry(path: str, blob: Blob) -> dict:
    """A file as the tree lists it."""
    entry = {"type": "file", "path": path, "oid": blob.git_oid, "size": len(blob.data)}
    if blob.lfs:
        pointer = len(blob.pointer)
        entry["lfs"] = {"oid": blob.sha256, "size": len(blob.data), "pointerSize": pointer}
    return entry
