"""Publications and comparisons that are killed: the Hub keeps a whole commit, the next run ends."""

import pytest

from tests.support.kill_attacks import attack_everything


@pytest.mark.slow
def test_the_hub_keeps_a_whole_commit_and_the_next_run_finishes(tmp_path):
    rows = list(attack_everything(tmp_path, most=3))  # at every step: python -m benchmarks.kills
    assert len(rows) == 6
    for row in rows:
        assert row.kills, row
        assert not row.faults, row
