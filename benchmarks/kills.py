"""What is left of publications and comparisons that are killed at every step.

    python -m benchmarks.kills

Each is killed (SIGKILL) before each of its writes, and as each of its requests is looked at and
answered by a Hub of our own; after every kill it is run once more. Prints a Markdown table: attack,
how many kills, result. With --most N, at N steps, evenly spread; with --only NAME, of the attacks
whose name begins so.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.kill_attacks import ATTACKS, attack_everything
from tests.support.shared import keep_in


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, help="kills of an attack by each way (default: all)")
    parser.add_argument("--only", default="", metavar="NAME", help="attacks that begin so")
    arguments = parser.parse_args()
    only = [name for name in ATTACKS if name.startswith(arguments.only)]
    if not only:
        parser.error(f"expected the beginning of one of {', '.join(ATTACKS)}, got {arguments.only}")
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        keep_in(Path(folder) / "shared")
        print("| attack | kills | result |\n|---|---:|---|", flush=True)
        for row in attack_everything(Path(folder), most=arguments.most, only=only):
            print(row, flush=True)
            faults += len(row.faults)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
