"""Whether the page stands, whatever values are in a model's files: more of them than the tests try.

    python -m benchmarks.damaged_pages --pages 1000

Half a second each. Ends with a traceback, and the seed, at the first one that does not stand.
"""

import argparse
import tempfile
from pathlib import Path

from tests.support.damaged_pages import build_damaged_pages
from tests.support.light_model import write_light_model
from tests.support.shared import keep_in


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=200)
    pages = parser.parse_args().pages
    with tempfile.TemporaryDirectory() as folder:
        keep_in(Path(folder) / "shared")
        build_damaged_pages(write_light_model(Path(folder) / "model"), range(pages))
    print(f"All of {pages} pages stand.")


if __name__ == "__main__":
    main()
