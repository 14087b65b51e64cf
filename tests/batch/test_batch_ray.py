"""The same rows from a Ray cluster of several nodes, whatever is killed meanwhile.

`make test-cluster` runs these in an environment with Ray.
"""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ser_core.batch import BatchError, cluster, run
from tests.support.recordings import make_many

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator:
    """A cluster of a head and two nodes with one CPU each, and this process connected to it."""
    ray = pytest.importorskip("ray", reason="needs Ray: make test-cluster")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(2):
        made.add_node(num_cpus=1)
    made.wait_for_nodes()
    ray.init(
        address=made.address,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env=cluster.runtime_environment(),
    )
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture
def archive(tmp_path) -> Path:
    """A folder of 600 recordings of 10 s, one of them no audio at all."""
    folder = make_many(tmp_path / "archive", 599, seconds=10)
    (folder / "broken.wav").write_bytes(b"RIFF, or so it says")
    return folder


@pytest.fixture
def expected(archive, tmp_path) -> bytes:
    """What the local engine writes."""
    run([archive], tmp_path / "local.csv", progress=False)
    return (tmp_path / "local.csv").read_bytes()


def during(monkeypatch, count: int, act: Callable[[], None]) -> None:
    """Have `act` called after `count` answers have come from the cluster."""
    results = cluster._results

    def watched(*arguments) -> Iterator:
        for number, result in enumerate(results(*arguments), start=1):
            yield result
            if number == count:
                act()

    monkeypatch.setattr(cluster, "_results", watched)


def answering_actors() -> list[dict]:
    from ray._private.state import actors

    return [
        actor
        for actor in actors().values()
        if "Answerer" in actor["ActorClassName"] and actor["State"] == "ALIVE"
    ]


def test_a_cluster_writes_what_one_machine_writes(ray_cluster, archive, expected, tmp_path):
    summary = run([archive], tmp_path / "ray.csv", engine="ray", progress=False)
    assert (tmp_path / "ray.csv").read_bytes() == expected
    assert summary.statuses["error"] == 1
    assert summary.statuses.total() == 600


def test_segments_are_the_same_too(ray_cluster, archive, fixtures, tmp_path):
    names = [archive / "000.wav", fixtures / "speech.webm", archive / "broken.wav"]
    for engine in ("local", "ray"):
        run(names, tmp_path / f"{engine}.jsonl", rows="segments", engine=engine, progress=False)
    assert (tmp_path / "ray.jsonl").read_bytes() == (tmp_path / "local.jsonl").read_bytes()


def test_a_killed_actor_costs_nothing_but_time(
    ray_cluster, archive, expected, tmp_path, monkeypatch
):
    killed = []

    def kill() -> None:
        killed.append(answering_actors()[0]["Pid"])
        os.kill(killed[0], signal.SIGKILL)

    during(monkeypatch, 50, kill)
    run([archive], tmp_path / "ray.csv", engine="ray", progress=False)
    assert len(killed) == 1
    assert (tmp_path / "ray.csv").read_bytes() == expected


def test_a_lost_node_costs_nothing_but_time(ray_cluster, archive, expected, tmp_path, monkeypatch):
    lost = []

    def lose() -> None:
        busy = {actor["Address"]["NodeID"] for actor in answering_actors()}
        lost.extend(node for node in ray_cluster.worker_nodes if node.node_id in busy)
        ray_cluster.remove_node(lost[0], allow_graceful=False)

    during(monkeypatch, 50, lose)
    run([archive], tmp_path / "ray.csv", engine="ray", progress=False)
    assert lost
    assert (tmp_path / "ray.csv").read_bytes() == expected


def test_one_engine_goes_on_where_the_other_was_stopped(
    ray_cluster, archive, expected, tmp_path, monkeypatch
):
    out = tmp_path / "out.csv"

    def stop() -> None:
        raise KeyboardInterrupt

    during(monkeypatch, 200, stop)
    with pytest.raises(KeyboardInterrupt):
        run([archive], out, engine="ray", progress=False)
    monkeypatch.undo()
    lines = [
        json.loads(line)["path"]
        for part in tmp_path.glob("out.csv.parts/part-*.jsonl")
        for line in part.read_text(encoding="utf-8").splitlines()
    ]
    assert len(set(lines)) == len(lines) == 200
    summary = run([archive], out, progress=False)
    assert (summary.kept, summary.statuses.total()) == (200, 400)
    assert out.read_bytes() == expected


def test_the_command_reaches_a_cluster_by_its_address(ray_cluster, archive, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(archive.iterdir())[:5]:
        shutil.copy(path, few)
    run([few], tmp_path / "local.csv", progress=False)
    options = ("--engine", "ray", "--address", ray_cluster.address, "--workers", "1", "--quiet")
    process = subprocess.run(
        [sys.executable, "-m", "ser_core.batch", few, "--out", tmp_path / "ray.csv", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "5 recordings answered" in process.stdout
    assert (tmp_path / "ray.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()


def test_without_ray_one_sentence_says_what_to_install(archive, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(BatchError, match=r"pip install 'ser-core\[cluster\]'"):
        run([archive], tmp_path / "out.csv", engine="ray", progress=False)
