"""A tenth of the corpus of attacked recordings; `python -m benchmarks.recordings` takes all."""

import pytest

from tests.support.recording_cases import Case, a_tenth, recording_cases
from tests.support.recording_oracle import FAULTS, judge

CASES = recording_cases()


def test_the_corpus_is_large_and_no_two_files_have_one_name():
    assert len(CASES) >= 400
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", a_tenth(CASES), ids=lambda case: case.name)
def test_a_recording_is_answered_whole_or_it_is_said_what_was_not(case: Case, tmp_path):
    verdict = judge(case, tmp_path)
    assert verdict.outcome not in FAULTS, str(verdict)
