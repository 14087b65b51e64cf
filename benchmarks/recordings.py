"""Attack the decoder with every kind of recording, and hold what is answered against FFmpeg.

    python -m benchmarks.recordings                  # the whole corpus, some minutes
    python -m benchmarks.recordings --only joined    # kinds or names that have this in them
    python -m benchmarks.recordings --keep FOLDER    # and keep the files that show a fault

The corpus is every container, codec, sample rate, count of channels, tag and damage that PyAV,
libsndfile, and the ffmpeg and sox commands (where they are installed) can make
(tests/support/recording_cases.py). A file counts as answered from too little where FFmpeg decodes
0.1 s more of it, or more is in it by construction, and neither a note nor an error says so. Ends
with status 1 if there is a fault.
"""

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from tqdm import tqdm

from tests.support.recording_cases import recording_cases
from tests.support.recording_oracle import FAULTS, Verdict, judge
from train.answers.markdown import markdown_table

COLUMNS = ("whole", "said", "refused", *FAULTS)


def main() -> None:
    """Run all cases and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="in the name of a case")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for files that show a fault")
    arguments = parser.parse_args()
    cases = [case for case in recording_cases() if arguments.only in f"{case.kind} {case.name}"]
    with tempfile.TemporaryDirectory() as folder:
        verdicts = [judge(case, Path(folder)) for case in tqdm(cases, unit=" files")]
    faults = [verdict for verdict in verdicts if verdict.outcome in FAULTS]
    for verdict in faults:
        print(verdict)
        if arguments.keep is not None:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            (arguments.keep / verdict.case.name).write_bytes(verdict.case.content())
    print(table(verdicts))
    sys.exit(1 if faults else 0)


def table(verdicts: list[Verdict]) -> str:
    """What became of the files, a row for each kind of attack."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        for kind in (verdict.case.kind, "all"):
            counts[kind][verdict.outcome] += 1
    kinds = [*(kind for kind in counts if kind != "all"), "all"]
    rows = [
        (kind, f"{counts[kind].total():,}", *(f"{counts[kind][name]:,}" for name in COLUMNS))
        for kind in kinds
    ]
    return markdown_table(("what was done to it", "files", *COLUMNS), rows)


if __name__ == "__main__":
    main()
