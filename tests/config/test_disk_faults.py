"""What an operating system refuses is one sentence, and a full disk is known as one."""

import errno
import os

import pytest

from ser_core.config.disk_faults import explain_refusal, is_full

PLACE = "a.mp3"


def test_a_full_disk_is_known_behind_other_errors() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise RuntimeError("it failed") from error
    except RuntimeError as error:
        caught = error
    assert is_full(caught)
    assert not is_full(ValueError())
    assert not is_full(None)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("place", [(), (PLACE,)])
def test_a_full_disk_is_not_blamed_on_the_file_that_is_read(number: int, place: tuple) -> None:
    """A copy names its source, a write names nothing."""
    sentence = explain_refusal(OSError(number, os.strerror(number), *place))
    assert sentence.startswith("The disk is full")
    assert PLACE not in sentence


def test_what_else_is_refused_is_named() -> None:
    denied = OSError(errno.EACCES, os.strerror(errno.EACCES), PLACE)
    assert explain_refusal(denied) == "a.mp3: Permission denied."
    assert explain_refusal(OSError("it cannot be read")) == "it cannot be read."
