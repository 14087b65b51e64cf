"""`ser analyze`: a table to look at, or a file for another program."""

from pathlib import Path

import pytest
import soundfile

from ser_core import EmotionRecognizer, EmotionTimeline
from ser_core.timeline.exports import FORMATS
from ser_core.ui.shell import analyze_command
from tests.support.shell import ROOT, run_ser

CLIP = "tests/fixtures/speech_48k_stereo.wav"


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def timeline(recognizer: EmotionRecognizer) -> EmotionTimeline:
    return recognizer.analyze(ROOT / CLIP)


def test_without_a_file_to_write_the_timeline_is_printed(timeline: EmotionTimeline) -> None:
    assert run_ser("analyze", CLIP) == (0, f"{timeline}\n", "")
    assert run_ser("analyze", "-", stdin=Path(CLIP).read_bytes()).out == f"{timeline}\n"


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_is_written_by_its_ending_and_printed_by_its_name(
    tmp_path: Path, form: object, recognizer: EmotionRecognizer
) -> None:
    speakers = ["--speakers", 2] if form.needs == ("speakers",) else []
    expected = recognizer.analyze(CLIP, speakers=2 if speakers else None)
    out = tmp_path / f"talk{form.ending}"
    address = "https://example.org/talk.wav"
    done = run_ser("analyze", CLIP, *speakers, "--out", out, "--recording", address)
    assert (done.status, done.out) == (0, "")
    reference = expected.save(tmp_path / f"by_hand{form.ending}", recording=address)
    assert out.read_bytes() == reference.read_bytes()
    words = ("analyze", CLIP, *speakers, "--format", form.name, "--recording", address)
    assert run_ser(*words).out.encode() == out.read_bytes()


def test_excel_gets_its_mark(tmp_path: Path) -> None:
    out = tmp_path / "talk.csv"
    assert run_ser("analyze", CLIP, "--out", out, "--excel").status == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbfstart,end,")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--out", "talk.xyz"], "A timeline is written as"),
        (["--format", "xyz"], "A timeline is written as"),
        (["--out", "docs", "--format", "csv"], "--out docs is a folder"),
        (["--out", "talk.rttm"], "RTTM says who speaks: give --speakers 2"),
        (["--speakers", "many"], "speakers must be"),
        (["--speakers", "0"], "speakers must be"),
        (["--channels", "left"], "channels must be one of mix, separate, auto"),
        (["--channels", "separate", "--speakers", "2"], "leave one of the two out"),
        (["--hop", "-1"], "hop must be"),
        (["--labels", "angry,nonsense"], "nonsense"),
        (["--group", "bad"], "A group is NAME=LABEL"),
        (["--excel", "--out", "talk.json"], "JSON is written in utf-8"),
    ],
)
def test_what_cannot_be_is_wrong_usage(words: list[str], sentence: str) -> None:
    done = run_ser("analyze", CLIP, *words)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert sentence in done.err


def test_a_recording_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    for name in ("gone.wav", tmp_path):
        done = run_ser("analyze", name)
        assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    done = run_ser("analyze", CLIP, "--out", "/proc/nobody/talk.csv")
    assert (done.status, len(done.err.splitlines())) == (1, 1)
    assert "/proc/nobody" in done.err


def test_of_one_that_is_cut_off_the_rest_is_analysed_and_the_status_says_so(tmp_path: Path) -> None:
    samples, rate = soundfile.read(CLIP)
    soundfile.write(tmp_path / "cut.flac", samples, rate)
    content = (tmp_path / "cut.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) // 2])
    out = tmp_path / "cut.csv"
    done = run_ser("analyze", tmp_path / "cut.flac", "--out", out)
    assert done.status == 1
    assert "cut off" in done.err
    assert out.read_text().count("\n") > 1


def test_other_labels_are_those_of_the_library(recognizer: EmotionRecognizer) -> None:
    words = ("analyze", CLIP, "--labels", "happy, sad, angry", "--group", "bad=sad, angry")
    expected = recognizer.analyze(
        CLIP, labels=["happy", "sad", "angry"], group={"bad": ["sad", "angry"]}
    )
    assert run_ser(*words).out == f"{expected}\n"


def test_completion_knows_what_there_is() -> None:
    assert list(analyze_command._channels()) == ["mix", "separate", "auto"]
    assert analyze_command._formats() == [form.name for form in FORMATS]
