"""Publications and comparisons that are killed at every step, and what is found afterwards.

After each kill the Hub must hold a whole commit, the one of before or the new one, and the next run
must finish, with nothing of the killed one left on the disk.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ser_core import DEFAULT_MODEL
from tests.support.hub_server import HubServer
from tests.support.kills import Starter
from tests.support.light_model import write_light_model
from tests.support.tiny_training import make_corpus

WORK = """
from pathlib import Path
from train import corpora
from train.measure import compare
from train.publish import models
from train.publish.datasets import publish_dataset
from train.publish.spaces import publish_space

models.verify = lambda directory: 0.0  # reads alone, and takes seconds
costs = {"litert_megabytes": 1.0, "feature_milliseconds": 1.0, "network_milliseconds": 1.0}
compare.measure_costs = lambda recipe: costs  # writes nothing but a temporary folder

def model(folder):
    models.publish(Path(folder), "user/voices", waveform=False)

def space(model):
    publish_space("user/space", model=model)

def dataset(folder):
    corpus = corpora.load("ravdess", Path(folder))
    publish_dataset(corpus, "user/corpus", audio=True, shard_size=30_000)
"""


@dataclass
class Row:
    """What came of an attack.

    Attributes:
        attack: what was attacked.
        kills: how many times it was killed.
        faults: what was wrong after a kill, a sentence each.
    """

    attack: str
    kills: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        result = "; ".join(self.faults) or "a whole commit each time, and the next run finished"
        return f"| {self.attack} | {self.kills} | {result} |"


def attack(
    row: Row,
    starter: Starter,
    call: str,
    reset: Callable[[], None],
    look: Callable[[], str | None],
    finished: Callable[[], str | None],
    most: int | None,
) -> Row:
    """Kill a call at every step, and have it made once more each time.

    Args:
        row: to fill.
        starter: makes the call.
        call: expression.
        reset: brings about what the call begins with.
        look: what is wrong after a kill, or None.
        finished: what is wrong after the next run, or None.
        most: int > 1, kills by each way; None for one at every step.
    """
    reset()
    whole = starter.run(call)
    for way, steps in (("at_write", whole.writes), ("at_moment", whole.moments)):
        for step in sampled(steps, most):
            reset()
            if not starter.run(call, **{way: step}).killed:
                continue  # of fewer steps this time
            row.kills += 1
            for fault in (look(), starter.run(call) and finished()):
                if fault is not None:
                    row.faults.append(f"{way} {step}: {fault}")
    return row


def sampled(steps: int, most: int | None) -> list[int]:
    """Choose steps, counted from 1: the first, the last, and others evenly between them.

    >>> sampled(10, 3), sampled(2, 3), sampled(3, None), sampled(0, 3)
    ([1, 5, 10], [1, 2], [1, 2, 3], [])
    """
    if most is None or steps <= most:
        return list(range(1, steps + 1))
    return [1 + round(place * (steps - 1) / (most - 1)) for place in range(most)]


def environment(folder: Path, hub: HubServer) -> dict[str, str]:
    """The environment of a process whose Hub, cache and temporary files are a test's own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    (folder / "temporary").mkdir(exist_ok=True)
    settings = {"HF_HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary")}
    settings |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return plain | settings | {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token}


def left_in(folder: Path) -> str | None:
    """Say what temporary files of killed processes are left."""
    left = [path.name for path in (folder / "temporary").iterdir()]
    left += [path.name for path in folder.rglob(".unfinished-*")]
    return f"{', '.join(left)} is left" if left else None


def publication_attack(
    name: str,
    kind: str,
    repository: str,
    old: str,
    new: str,
    folder: Path,
    hub: HubServer,
    starter: Starter,
    most: int | None,
) -> Row:
    """Attack a publication that is the first one, and one that replaces another.

    Args:
        name: of the attack.
        kind: of repository, and name of the function in WORK that publishes it.
        repository: its id.
        old: argument of that function that there was a publication of before; "" for none.
        new: argument of that function.
        folder: for the files of what publishes.
        hub: the Hub.
        starter: makes the calls, on this Hub and in this folder.
        most: as in `attack`.
    """
    key = (kind, repository)
    before: tuple[dict[str, bytes], dict[str, str]] | None = None
    if old:
        starter.run(f"{kind}({old!r})")
        before = hub.repo(*key).files(), dict(hub.repo(*key).variables)
    starter.run(f"{kind}({new!r})")
    after = hub.repo(*key).files(), dict(hub.repo(*key).variables)
    pairs = [pair for state in (before, after) if state for pair in working_pairs(state[1])]

    def reset() -> None:
        hub.api.repositories.pop(key, None)
        if before is not None:
            hub.repo(*key, variables=dict(before[1])).write(before[0])

    def look() -> str | None:
        if not hub.has(*key):
            return None if before is None else "the repository is gone"
        found = hub.repo(*key)
        if found.files() not in [before[0] if before else {}, after[0]]:
            return "the Hub holds half a commit"
        if kind == "space" and naming_model(found.variables) not in [(), *pairs]:
            return f"the Space's variables are {found.variables}"
        return None

    def finished() -> str | None:
        found = hub.repo(*key)
        if (found.files(), found.variables) != after:
            return "the next run did not finish"
        return left_in(folder)

    return attack(Row(name), starter, f"{kind}({new!r})", reset, look, finished, most)


def naming_model(variables: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """A Space's variables but for that of its tools, without which it works as well."""
    return tuple(pair for pair in variables.items() if pair[0] != "SER_MCP")


def working_pairs(variables: dict[str, str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """A Space's variables, with the commit of the model and without: both name a model."""
    pairs = naming_model(variables)
    yield pairs
    yield pairs[:1]


ATTACKS = (
    "publish, a new repository",
    "publish, over a former model",
    "publish-space, a new one",
    "publish-space, another model",
    "publish-dataset, over another",
    "compare",
)


def attack_everything(
    folder: Path, *, most: int | None = None, only: Collection[str] = ATTACKS
) -> Iterator[Row]:
    """Attack `publish`, `publish-space`, `publish-dataset` and `compare`.

    Args:
        folder: for their files.
        most: as in `attack`.
        only: of ATTACKS.

    Yields:
        What came of each attack.
    """
    models = [write_light_model(folder / "model"), folder / "model again"]
    shutil.copytree(*models)
    (models[1] / "metrics.json").write_bytes((models[0] / "metrics.json").read_bytes() + b"\n")
    corpora = [make_corpus(folder / name, actors) for name, actors in (("a", (1,)), ("b", (1, 2)))]
    light = {path.name: path.read_bytes() for path in models[0].iterdir() if path.is_file()}
    place = folder / "place"
    place.mkdir()
    with HubServer() as hub, Starter(WORK, environment(place, hub), hub) as starter:
        for model in ("user/old", "user/new"):
            hub.repo("model", model).write(light | {"README.md": f"# {model}\n".encode()})
        publications = (
            ("model", "user/voices", "", models[0]),
            ("model", "user/voices", models[0], models[1]),
            ("space", "user/space", "", "user/old"),
            ("space", "user/space", "user/old", "user/new"),
            ("dataset", "user/corpus", *corpora),
        )
        for name, (kind, repository, old, new) in zip(ATTACKS, publications, strict=False):
            if name not in only:
                continue
            hub.api.repositories.pop((kind, repository), None)
            yield publication_attack(
                name, kind, repository, str(old), str(new), place, hub, starter, most
            )
        if ATTACKS[-1] in only:
            yield comparison_attack(place, starter, most)


def comparison_attack(folder: Path, starter: Starter, most: int | None) -> Row:
    """Attack `compare` on results that stand in this repository."""
    results = folder / "results"
    committed = Path(DEFAULT_MODEL).parents[1] / "train" / "results"
    for place in ("tiny/speaker", "large/speaker"):
        (results / place).mkdir(parents=True)
        for name in ("metrics.json", "recipe.toml"):
            shutil.copyfile(committed / place / name, results / place / name)
    files = [results / "comparison.json", results / "comparison.md"]
    old = [b"[]\n", b"nothing yet\n"]

    def reset() -> None:
        for file, content in zip(files, old, strict=True):
            file.write_bytes(content)

    call = f"compare.compare(Path({str(results)!r}))"
    reset()
    starter.run(call)
    new = [file.read_bytes() for file in files]

    def look() -> str | None:
        for file, contents in zip(files, zip(old, new, strict=True), strict=True):
            if file.read_bytes() not in contents:
                return f"{file.name} is half written"
        return None

    def finished() -> str | None:
        if [file.read_bytes() for file in files] != new:
            return "the next run did not finish"
        return left_in(folder)

    return attack(Row(ATTACKS[-1]), starter, call, reset, look, finished, most)
