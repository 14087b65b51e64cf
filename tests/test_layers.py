"""The house's rooms: arrows run one way, and one word names one thing."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("ser_core", "train")
MOST_NAMES = 15  # at the top of a package
MOST_LINES = 350  # of a module
TEXTS = {"ser_core/ui/look/text.py"}  # words, which no split would make easier to read


def modules() -> Iterator[Path]:
    """Give all modules of the library and the training system."""
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def test_every_room_imports_those_below_it_alone() -> None:
    code = "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))"
    done = (
        subprocess.run(  # it keeps pytest's stdout for itself, and writes there when it is closed
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
        )
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_says_what_it_is_for() -> None:
    for path in modules():
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_seen_at_a_glance(package: str) -> None:
    names = {path.name for path in (ROOT / package).iterdir()} - {"__pycache__"}
    assert len(names) <= MOST_NAMES, sorted(names)


def test_no_two_modules_have_one_name() -> None:
    counts = Counter(path.stem for path in modules() if not path.stem.startswith("__"))
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_module_is_longer_than_a_reader_s_patience() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules()
    }
    longer = {name: lines for name, lines in lengths.items() if lines > MOST_LINES}
    assert set(longer) <= TEXTS, longer
