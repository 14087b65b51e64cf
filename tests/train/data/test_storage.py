"""Files that are whole or not there, whoever else writes them, and JSON without NaN."""

import json
import threading

import numpy as np
import pytest

from ser_core.config.whole_files import write_whole
from train.data.storage import read_arrays, to_json, write_arrays, write_json


def test_two_who_write_one_file_do_not_disturb_each_other(tmp_path):
    file = tmp_path / "features.npz"
    with write_whole(file) as first, write_whole(file) as second:
        assert first != second
        assert first.suffixes == second.suffixes == [".npz"]  # Keras goes by them
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert file.read_bytes() == b"first"  # left last
    assert list(tmp_path.iterdir()) == [file]


def test_many_writers_of_the_same_arrays_leave_one_whole_file(tmp_path):
    file, faults = tmp_path / "folder" / "same.npz", []

    def write(number: int) -> None:
        try:
            for _ in range(20):
                write_arrays(file, {"rows": np.full(2_000, number)})
                assert len(set(read_arrays(file)["rows"].tolist())) == 1
        except Exception as error:
            faults.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not faults
    assert list(file.parent.iterdir()) == [file]


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    file = tmp_path / "kept.txt"
    file.write_text("before")

    def write_half() -> None:
        with write_whole(file) as unfinished:
            unfinished.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_number_is_null(tmp_path):
    write_json(tmp_path / "metrics.json", {"auc": float("nan"), "folds": [1.0, float("inf")]})
    text = (tmp_path / "metrics.json").read_text()
    assert json.loads(text) == {"auc": None, "folds": [1.0, None]}
    assert to_json({"loss": np.float64("nan")}) == '{\n  "loss": null\n}\n'
