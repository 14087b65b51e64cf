"""A Dockerfile as its steps, and what its .dockerignore lets into the build."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Step(NamedTuple):
    """One instruction: its name in capitals, its flags ("--from=x"), and the rest."""

    name: str
    flags: tuple[str, ...]
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest as words, of either form: `a b` or `["a", "b"]`."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


def read_steps(file: Path) -> list[Step]:
    """Read the steps of a Dockerfile, in order."""
    lines = file.read_text(encoding="utf-8").splitlines()
    code = "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    steps = []
    for line in code.replace("\\\n", " ").splitlines():
        name, _, rest = line.strip().partition(" ")
        words = rest.split()
        flags = []
        while words and words[0].startswith("--"):
            flags.append(words.pop(0))
            rest = rest.strip().removeprefix(flags[-1])
        steps.append(Step(name.upper(), tuple(flags), rest.strip()))
    return steps


def sent_files(context: Path) -> Iterator[Path]:
    """Walk over the files of a build context that .dockerignore leaves in, relative to it.

    Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    rules = []
    for line in (context / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pattern = line.strip().removeprefix("!")
            parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
            known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
            matcher = "".join(known.get(part, re.escape(part)) for part in parts)
            rules.append((re.compile(matcher), line.startswith("!")))

    def is_sent(path: Path) -> bool:
        kept = True
        for matcher, keeps in rules:
            if any(matcher.fullmatch(at.as_posix()) for at in (path, *path.parents[:-1])):
                kept = keeps
        return kept

    for top in sorted(context.iterdir()):
        if is_sent(top.relative_to(context)):
            for path in (top,) if top.is_file() else sorted(top.rglob("*")):
                if path.is_file() and is_sent(path.relative_to(context)):
                    yield path.relative_to(context)
