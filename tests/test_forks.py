"""After a fork each process works on its own: nothing waits for a thread that stayed behind."""

import ast
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ser_core.config.feature_config import Adaptation, FeatureConfig
from ser_core.errors import ModelError
from ser_core.timeline.in_order import InOrder
from tests.support.forked import in_fork
from tests.support.frame_models import write_frame_model
from tests.support.tiny_models import write_tiny_model

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork here"
)

ROOT = Path(__file__).parents[1]
LIVE = {"Lock", "RLock", "Condition", "Event", "Queue", "local", "deque", "defaultdict", "WeakSet"}
LIVE |= {"WeakValueDictionary", "ThreadPoolExecutor", "ProcessPoolExecutor", "Popen", "Client"}


def test_everything_public_goes_on_after_a_fork(fixtures: Path, tmp_path: Path) -> None:
    adaptation = Adaptation(mean=(0.0,) * 8, prior_clips=1.0, least_clips=1)
    model = write_frame_model(tmp_path / "model")
    config = FeatureConfig.load(model)
    config.model_copy(update={"adaptation": adaptation}).save(model)
    program = [sys.executable, "-m", "tests.support.fork_calls"]
    done = subprocess.run(
        [*program, str(model), str(fixtures / "speech_male.wav"), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all came back\n"


def test_work_that_was_under_way_is_done_again_in_the_fork() -> None:
    release = multiprocessing.get_context("fork").Event()
    parent = os.getpid()

    def work(items: list[int]) -> list[int]:
        if os.getpid() == parent:
            assert release.wait(60.0)
        return [10 * item for item in items]

    doing = InOrder(work, 2, items=2)
    assert list(doing.put(range(6))) == []
    expected = [(item, 10 * item) for item in range(6)]
    assert in_fork(lambda: list(doing.finish())) == expected
    assert in_fork(lambda: [doing.close(), *doing.put(range(6, 8))][0]) is None
    release.set()
    assert list(doing.finish()) == expected


@pytest.mark.slow
def test_keras_says_that_it_does_not_survive_a_fork(tmp_path: Path, fixtures: Path) -> None:
    """TensorFlow would wait for its threads; and a repository for LiteRT is answered still."""
    whole = write_tiny_model(tmp_path / "whole")
    keras = write_tiny_model(tmp_path / "keras", litert=False)
    code = f"""
from ser_core import EmotionRecognizer, ModelError
from tests.support.forked import in_fork

recognizer = EmotionRecognizer.from_pretrained({str(keras)!r})
speech = {str(fixtures / "speech_male.wav")!r}
recognizer.predict(speech)
for call in (
    lambda: recognizer.predict(speech),
    lambda: EmotionRecognizer.from_pretrained({str(keras)!r}),
):
    try:
        in_fork(call)
    except ModelError as error:
        assert "start processes by spawn" in str(error)
    else:
        raise AssertionError("Keras ran in a fork")
other = EmotionRecognizer.from_pretrained({str(whole)!r})
assert in_fork(lambda: other.predict(speech)) == other.predict(speech)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_what_a_process_keeps_is_reset_in_its_forks() -> None:
    """Every module with live things of the whole process has a function that resets them."""
    kept = {path: list(live_names(path)) for path in sorted((ROOT / "ser_core").rglob("*.py"))}
    found = {path.stem: names for path, names in kept.items() if names}
    assert set(found) >= {"child_process", "isolate", "in_order", "keras_runtime"}
    for path, names in kept.items():
        assert not names or "\n@reset_after_fork\n" in path.read_text(encoding="utf-8"), names
    registering = {
        path.stem
        for path in (ROOT / "ser_core").rglob("*.py")
        if "register_at_fork" in path.read_text(encoding="utf-8")
    }
    assert registering == {"forks"}, "one mechanism"


def live_names(path: Path) -> Iterator[str]:
    """Names at the top of a module that hold what a fork breaks, or what functions change."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = ast.unparse(target)
        makers = {
            call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
            for call in ast.walk(node.value)
            if isinstance(call, ast.Call)
        }
        is_empty = ast.unparse(node.value) in ("[]", "{}", "set()", "dict()", "list()")
        if makers & LIVE or (is_empty and not name.isupper()):
            yield name


def test_a_fork_that_does_not_get_on_is_ended() -> None:
    with pytest.raises(TimeoutError, match="gave nothing within"):
        in_fork(lambda: multiprocessing.Event().wait(), patience=0.2)


def test_what_a_fork_raises_is_raised() -> None:
    def fail() -> None:
        raise ModelError("no")

    with pytest.raises(ModelError, match="no"):
        in_fork(fail)
