"""Several processes: order, one that fails, one that dies."""

import math
import os

import pytest

from train.data.processes import FEW, WorkerError, run_in_processes


def test_results_come_in_order():
    calls = [(number,) for number in range(FEW + 6)]
    expected = [math.factorial(number) for number in range(FEW + 6)]
    assert run_in_processes(math.factorial, calls, jobs=2, chunk=4) == expected
    assert run_in_processes(math.factorial, calls, jobs=1) == expected
    assert run_in_processes(math.factorial, [], jobs=2) == []


def test_an_error_ends_the_work_as_it_is():
    calls = [(4.0,)] * 3 + [(-1.0,)] + [(4.0,)] * FEW
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        run_in_processes(math.sqrt, calls, jobs=2)


def test_a_process_that_dies_is_named_by_what_it_worked_on():
    with pytest.raises(WorkerError, match=r"died while it worked on cut\.wav"):
        run_in_processes(os._exit, [(3,)], jobs=1, names=["cut.wav"], fresh=True)
    names = [f"{number}.wav" for number in range(FEW)]
    with pytest.raises(WorkerError, match=r"died while it worked on 0\.wav or 1\.wav"):
        run_in_processes(os._exit, [(3,)] * FEW, jobs=2, names=names)
