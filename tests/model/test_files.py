"""The files of a model repository: one owner for their names."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ser_core.model.files import REPOSITORY_FILES

ROOT = Path(__file__).parents[2]


def spelled(module: Path) -> Iterator[str]:
    """Every constant of a module that is a repository's file name, or a path that ends in one."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.rsplit("/", 1)[-1]
            if name in REPOSITORY_FILES:
                yield name


def test_every_name_is_spelled_once():
    found = sorted(
        (name, module.relative_to(ROOT).as_posix())
        for folder in ("ser_core", "train")
        for module in (ROOT / folder).rglob("*.py")
        for name in spelled(module)
    )
    assert [name for name, _ in found] == sorted(REPOSITORY_FILES)
    assert {module for _, module in found} == {
        "ser_core/model/files.py",
        "ser_core/config/feature_config.py",  # which stands below the model room
    }
