"""Files and folders that are whole or not there, however the process that writes them ends."""

import os
import signal
import stat
from pathlib import Path

import pytest

from ser_core.config.whole_files import (
    temporary_folder,
    write_text,
    write_whole,
    write_whole_folder,
)


def be_killed(writer, place: Path) -> None:
    """Let a process be killed in the middle of its writing."""
    child = os.fork()
    if child == 0:
        try:
            with writer(place) as unfinished:
                half = unfinished / "inside.txt" if unfinished.is_dir() else unfinished
                half.write_text("half")
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("before")
    kills = [(write_whole, file), (write_whole_folder, tmp_path / "space")]
    for writer, place in [*kills, (temporary_folder, tmp_path)]:
        be_killed(writer, place)
        assert file.read_text() == "before"
        assert not (tmp_path / "space").exists()
        (left,) = set(tmp_path.iterdir()) - {file}  # of the one before there is nothing any more
        assert left.name.startswith(".unfinished-")
    write_text(file, "after")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"table.csv": "after"}


def test_what_a_living_process_or_another_machine_writes_is_left_alone(tmp_path):
    with write_whole(tmp_path / "first.txt") as mine:
        mine.write_text("mine")
        host = mine.name.split("-")[1]
        theirs = tmp_path / f".unfinished-{host}-{os.getppid()}-0123456789abcdef-theirs.txt"
        elsewhere = tmp_path / ".unfinished-ffffffff-99999999-0123456789abcdef-elsewhere.txt"
        abandoned = tmp_path / ".unfinished-ffffffff-99999999-fedcba9876543210-abandoned.txt"
        former = tmp_path / f".unfinished-{host}-{os.getpid()}-0123456789abcdef-former.txt"
        for path in (theirs, elsewhere, abandoned, former):
            path.write_text("half")
        os.utime(abandoned, (0, 0))
        be_killed(write_whole, tmp_path / "second.txt")
        assert mine.read_text() == "mine"
        assert former.exists()  # for all that another process can tell
    there = {path.name for path in tmp_path.iterdir()}
    left = there - {"first.txt", theirs.name, elsewhere.name, former.name}
    assert len(left) == 1
    assert left.pop().endswith("-second.txt")


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_are_what_the_umask_says(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "file.txt", "")
        with write_whole_folder(tmp_path / "folder") as unfinished:
            (unfinished / "inside").mkdir()
        with temporary_folder(tmp_path) as private:
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~mask


def test_a_link_is_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "target.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    for text in ("first", "second"):  # to nothing yet, then to a file
        write_text(link, text)
        assert link.is_symlink()
        assert target.read_text() == text


def test_what_is_no_regular_file_is_refused_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "folder.csv"):
        with pytest.raises(FileExistsError, match="no regular file"):
            write_text(tmp_path / name, "text")
    with pytest.raises(FileExistsError, match="no regular file"):
        write_text(Path(os.devnull), "text")
    assert (tmp_path / "pipe.csv").is_fifo()
    assert len(list(tmp_path.iterdir())) == 2


def test_any_name_that_a_folder_takes_can_be_written(tmp_path):
    names = ["x" * 250 + ".csv", "ü" * 120 + ".json", "a\nb.txt", "-", "two.weights.h5"]
    for name in names:
        with write_whole(tmp_path / name) as unfinished:
            assert unfinished.suffixes[-2:] == Path(name).suffixes
            unfinished.write_text(name)
    assert {path.name for path in tmp_path.iterdir()} == set(names)


def test_a_folder_that_fails_or_is_not_empty_changes_nothing(tmp_path):
    def fill() -> None:
        with write_whole_folder(tmp_path / "space") as unfinished:
            (unfinished / "half.txt").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fill()
    assert not list(tmp_path.iterdir())
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match="not empty"), write_whole_folder(tmp_path / "space"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["space", "mine.txt"]
