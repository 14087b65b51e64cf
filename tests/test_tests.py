"""The tests' own house: what they share stands in tests/support, and they import no other test."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def imported(module: Path) -> set[str]:
    """Dotted names of all that a module imports, in functions too."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_no_test_imports_another():
    for module in TESTS.rglob("*.py"):
        for name in imported(module):
            first, *rest = name.split(".")
            assert first != "tests" or rest[0] == "support", f"{module} imports {name}"
            assert not first.startswith("test_"), f"{module} imports {name}"
