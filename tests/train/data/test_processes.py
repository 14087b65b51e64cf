"""Several processes: order, one that fails, one that dies, and none that outlives its parent."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.live_processes import PATIENCE, is_alive, wait_until
from train.data.processes import FEW, WorkerError, run_in_processes

ROOT = Path(__file__).parents[3]


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


WORK = """
import os, sys, time
from pathlib import Path
from tests.support.live_processes import PATIENCE, is_alive, wait_until
from train.data.processes import FEW, run_in_processes

def work(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(1_000)

if __name__ == "__main__":
    run_in_processes(work, [(sys.argv[1],)] * FEW, jobs=2)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_one_that_started_it(tmp_path, number):
    (tmp_path / "work.py").write_text(WORK)
    at_work = tmp_path / "at_work"
    at_work.mkdir()
    process = subprocess.Popen(
        [sys.executable, tmp_path / "work.py", at_work],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: len(list(at_work.iterdir())) == 2 or process.poll() is not None)
    workers = [int(file.name) for file in at_work.iterdir()]
    assert len(workers) == 2
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == -number
    assert errors.count("Traceback") == (number == signal.SIGINT)  # its own, none of theirs
    wait_until(lambda: not any(is_alive(worker) for worker in workers))
