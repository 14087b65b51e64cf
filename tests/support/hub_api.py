"""What the Hub for tests answers: one method for each of the real Hub's routes that are used."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from tests.support.hub_files import KINDS, PREFIXES, Answer, Call, FileRoutes, part
from tests.support.hub_storage import HubError, Repository

DATE = "2026-11-01T12:00:00.000Z"

API = re.compile(r"/api/(models|datasets|spaces)/([^/]+/[^/]+)(?:/([^/]+)(?:/([^/]+)(?:/(.+))?)?)?")
RESOLVE = re.compile(r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
STORED = re.compile(r"/stored/([0-9a-f]{64})/(models|datasets|spaces)/([^/]+/[^/]+)/([^/]+)/(.+)")
BATCH = re.compile(r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch")
UPLOAD = re.compile(r"/upload/([0-9a-f]{64})")


class HubApi(FileRoutes):
    """All routes, and who may do what.

    Attributes:
        tokens: (user, whether it may write) by token.
    """

    def __init__(self, url: str, storage: str) -> None:
        super().__init__(url, storage)
        self.tokens: dict[str, tuple[str, bool]] = {}

    def answer(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        token: str | None,
    ) -> Answer:
        """Answer a request; raises HubError. `path` still is quoted."""
        if match := STORED.fullmatch(path):
            return part(self._stored(*map(unquote, match.groups())), headers.get("Range"))
        if match := UPLOAD.fullmatch(path):
            return self._upload(match[1], body)
        if token is not None and token not in self.tokens:
            raise HubError(401, "Invalid credentials in Authorization header")
        user, may_write = self.tokens.get(token, (None, False))
        if match := RESOLVE.fullmatch(path):
            kind, name, revision, file = match.groups()
            repository = self._visible(KINDS[kind or "models"], name, user)
            answer = self._resolve(repository, unquote(revision), unquote(file), user)
            return part(answer, headers.get("Range"))
        call = Call(user, may_write, None, "", "", parse_qs(query), body)
        if match := BATCH.fullmatch(path):
            call.repository = self._visible(KINDS[match[1] or "models"], match[2], user)
            return self._batch(call)
        if match := API.fullmatch(path):
            kind, name, action, argument, folder = match.groups()
            call.repository = self._visible(KINDS[kind], name, user)
            call.argument, call.folder = unquote(argument or ""), unquote(folder or "")
            route = self.ROUTES.get(f"{method} {action or 'revision'}")
            if route is None:
                raise HubError(404, f"This Hub for tests has no {method} {path}")
            return route(self, call)
        routes = {
            "GET /api/whoami-v2": self._whoami,
            "POST /api/repos/create": self._create,
            "DELETE /api/repos/delete": self._delete,
            "POST /api/validate-yaml": lambda _: Answer.of_json({"errors": [], "warnings": []}),
        }
        if f"{method} {path}" not in routes:
            raise HubError(404, f"This Hub for tests has no {method} {path}")
        return routes[f"{method} {path}"](call)

    def _visible(self, kind: str, name: str, user: str | None) -> Repository:
        """Return a repository that the user may see: a hidden one is "not found" to others."""
        repository = self.repositories.get((kind, name))
        if repository is None or (repository.private and repository.owner != user):
            if user is None:
                raise HubError(401, "Invalid username or password.", "RepoNotFound")
            raise HubError(404, "Repository not found", "RepoNotFound")
        return repository

    def _whoami(self, call: Call) -> Answer:
        if call.user is None:
            raise HubError(401, "Invalid username or password.")
        token = {"displayName": "test", "role": "write" if call.may_write else "read"}
        auth = {"type": "access_token", "accessToken": token}
        return Answer.of_json({"type": "user", "name": call.user, "orgs": [], "auth": auth})

    def _create(self, call: Call) -> Answer:
        wanted = call.json
        kind = wanted.get("type") or "model"
        owner = wanted.get("organization") or call.user
        if call.user is None:
            raise HubError(401, "Invalid username or password.")
        if owner != call.user or not call.may_write:
            raise HubError(403, f"You don't have the rights to create a {kind} under {owner}")
        name = f"{owner}/{wanted['name']}"
        there = (kind, name) in self.repositories
        if not there:
            made = Repository(kind, name, private=wanted.get("visibility") == "private")
            made.sdk = wanted.get("sdk")
            made.variables = {item["key"]: item["value"] for item in wanted.get("variables", ())}
            made.secrets = {item["key"]: item["value"] for item in wanted.get("secrets", ())}
            self.repositories[kind, name] = made
        answer = {"name": name, "url": f"{self.url}/{PREFIXES[kind]}{name}"}
        if there:
            answer["error"] = f"You already created this {kind} repo"
        return Answer.of_json(answer, 409 if there else 200)

    def _delete(self, call: Call) -> Answer:
        wanted = call.json
        kind = wanted.get("type") or "model"
        name = f"{wanted.get('organization') or call.user}/{wanted['name']}"
        call.repository = self._visible(kind, name, call.user)
        self._own(call)
        del self.repositories[kind, name]
        return Answer.of_json({})

    def _info(self, call: Call) -> Answer:
        repository = call.repository
        commit = repository.resolve(call.argument or "main")
        siblings = [{"rfilename": path} for path in commit.blobs]
        if "blobs" in call.query:
            siblings = [
                {"rfilename": path, "size": len(blob.data), "blobId": blob.git_oid}
                for path, blob in commit.blobs.items()
            ]
        info = {
            "id": repository.id,
            "author": repository.owner,
            "sha": commit.oid,
            "lastModified": DATE,
            "createdAt": DATE,
            "private": repository.private,
            "gated": "manual" if repository.gated else False,
            "disabled": False,
            "tags": [],
            "siblings": siblings,
        }
        return Answer.of_json(info | ({"sdk": repository.sdk} if repository.sdk else {}))

    def _refs(self, call: Call) -> Answer:
        repository = call.repository
        kinds = {"branches": [], "tags": [], "pullRequests": [], "converts": []}
        for name, commit in repository.refs.items():
            kind, ref = "branches", f"refs/heads/{name}"
            if name in repository.tags:
                kind, ref = "tags", f"refs/tags/{name}"
            if name.startswith("refs/pr/"):
                kind, ref = "pullRequests", name
            kinds[kind].append({"name": name, "ref": ref, "targetCommit": commit.oid})
        return Answer.of_json(kinds)

    def _commits(self, call: Call) -> Answer:
        return Answer.of_json(
            [
                {"id": c.oid, "title": c.title, "message": "", "authors": [], "date": DATE}
                for c in call.repository.history(call.argument)
            ]
        )

    def _branch(self, call: Call) -> Answer:
        self._own(call)
        refs = call.repository.refs
        if call.argument in refs:
            raise HubError(409, f"Reference already exists: {call.argument}")
        refs[call.argument] = call.repository.resolve(call.json.get("startingPoint") or "main")
        return Answer.of_json({})

    def _tag(self, call: Call) -> Answer:
        self._own(call)
        tag = call.json["tag"]
        if tag in call.repository.refs:
            raise HubError(409, f"Tag reference exists already: {tag}")
        call.repository.refs[tag] = call.repository.resolve(call.argument or "main")
        call.repository.tags.add(tag)
        return Answer.of_json({})

    def _space(self, call: Call) -> Repository:
        self._own(call)
        if call.repository.kind != "space":
            raise HubError(404, "Only Spaces have variables and secrets")
        return call.repository

    def _variables(self, call: Call) -> Answer:
        values = {key: {"key": key, "value": v} for key, v in self._space(call).variables.items()}
        return Answer.of_json(values)

    def _set_variable(self, call: Call) -> Answer:
        self._space(call).variables[call.json["key"]] = call.json["value"]
        return self._variables(call)

    def _delete_variable(self, call: Call) -> Answer:
        self._space(call).variables.pop(call.json["key"], None)
        return self._variables(call)

    def _secrets(self, call: Call) -> Answer:
        return Answer.of_json({key: {"key": key} for key in self._space(call).secrets})

    def _set_secret(self, call: Call) -> Answer:
        self._space(call).secrets[call.json["key"]] = call.json["value"]
        return self._secrets(call)

    def _delete_secret(self, call: Call) -> Answer:
        self._space(call).secrets.pop(call.json["key"], None)
        return self._secrets(call)

    def _runtime(self, call: Call) -> Answer:
        hardware = {"current": "cpu-basic", "requested": "cpu-basic"}
        return Answer.of_json({"stage": "RUNNING", "hardware": hardware})

    def _restart(self, call: Call) -> Answer:
        self._space(call).restarts += 1
        return self._runtime(call)

    ROUTES = {  # noqa: RUF012
        "GET revision": _info,
        "GET tree": FileRoutes._tree,
        "POST paths-info": FileRoutes._paths_info,
        "GET refs": _refs,
        "GET commits": _commits,
        "POST branch": _branch,
        "POST tag": _tag,
        "POST preupload": FileRoutes._preupload,
        "POST commit": FileRoutes._commit,
        "GET variables": _variables,
        "POST variables": _set_variable,
        "DELETE variables": _delete_variable,
        "GET secrets": _secrets,
        "POST secrets": _set_secret,
        "DELETE secrets": _delete_secret,
        "GET runtime": _runtime,
        "POST restart": _restart,
    }
