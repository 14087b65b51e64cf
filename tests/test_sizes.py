"""How large the repository's files are: what is too large for GitHub cannot be taken back."""

import subprocess
from pathlib import Path

from ser_core import DEFAULT_MODEL

ROOT = Path(__file__).parents[1]
LARGEST_FILE = 100_000_000  # [bytes] GitHub refuses files from 100 MiB on
EMBEDDED = 60_000_000  # [bytes] all files of the embedded model, which every Space and wheel holds


def committed_sizes() -> dict[Path, int]:
    """Size of every file that is committed, or would be with `git add --all` [bytes]."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = {ROOT / name for name in listed.split("\0") if name}
    return {file: file.stat().st_size for file in files if file.is_file()}


def test_no_file_is_larger_than_github_takes() -> None:
    sizes = committed_sizes()
    assert ROOT / "pyproject.toml" in sizes
    assert {str(file): size for file, size in sizes.items() if size >= LARGEST_FILE} == {}


def test_the_embedded_model_is_no_larger_than_agreed() -> None:
    embedded = Path(DEFAULT_MODEL)
    sizes = {f: size for f, size in committed_sizes().items() if embedded in f.parents}
    assert embedded / "feature_config.json" in sizes
    assert sum(sizes.values()) < EMBEDDED, sizes
