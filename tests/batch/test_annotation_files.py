"""Files for annotators beside the table of an archive."""

import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ser_core import EmotionRecognizer
from ser_core.batch import run
from ser_core.batch.annotation_files import AnnotationFiles
from ser_core.errors import ArgumentError, ExportError

HERE = {"rows": "segments", "workers": 1, "progress": False}


@pytest.fixture
def archive(tmp_path: Path, fixtures: Path) -> Path:
    folder = tmp_path / "archive"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(fixtures / "speech.flac", folder / "one.flac")
    shutil.copy(fixtures / "speech.flac", folder / "sub" / "two.flac")
    shutil.copy(fixtures / "speech.ogg", folder / "sub" / "two.ogg")
    (folder / "broken.wav").write_bytes(b"RIFF, or so it says")
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_each_recording_gets_a_file_in_a_folder_like_its_own(
    archive: Path, recognizer: EmotionRecognizer, tmp_path: Path
) -> None:
    out = tmp_path / "tables" / "talks.jsonl"
    run([archive], out, annotations="eaf", **HERE)
    folder = out.parent / "talks_eaf"
    assert files_in(folder) == ["one.eaf", "sub/two.flac.eaf", "sub/two.ogg.eaf"]
    assert all("text" not in json.loads(line) for line in out.read_text().splitlines())
    written = (folder / "one.eaf").read_text(encoding="utf-8")
    (media,) = ElementTree.fromstring(written).iter("MEDIA_DESCRIPTOR")
    place = media.get("RELATIVE_MEDIA_URL", "")
    assert not os.path.isabs(place)
    assert (folder / place).resolve() == archive / "one.flac"
    timeline = recognizer.analyze(archive / "one.flac")
    assert written == timeline.to_eaf(place.removeprefix("./"))

    (folder / "one.eaf").unlink()
    shutil.copy(archive / "one.flac", archive / "three.flac")
    summary = run([archive], out, annotations="eaf", **HERE)
    assert summary.statuses.total() == 2  # the new one, and the one whose file is missing
    assert files_in(folder) == ["one.eaf", "sub/two.flac.eaf", "sub/two.ogg.eaf", "three.eaf"]
    assert run([archive], out, annotations="eaf", **HERE).statuses.total() == 0


def test_who_speaks_and_segments_are_required_before_any_work(archive: Path) -> None:
    out = archive / "out.csv"
    with pytest.raises(ArgumentError, match="annotations rttm say who speaks"):
        run([archive], out, annotations="rttm", **HERE)
    with pytest.raises(ArgumentError, match="annotations srt is for rows segments, and got rows"):
        run([archive], out, annotations="srt", **HERE | {"rows": "files"})
    with pytest.raises(ExportError, match="A timeline is written as csv"):
        run([archive], out, annotations="docx", **HERE)
    assert not out.exists()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/talks/a/one.wav", "/out/t_srt/a"),
        ("/elsewhere/one.wav", "/out/t_srt/elsewhere"),
        ("s3://bucket/a/../one.wav", "/out/t_srt/s3/bucket/a"),
        ("s3://bucket/..:/..:/:../home/me/one.wav", "/out/t_srt/s3/bucket/home/me"),
        ("s3://bucket/.. /.:/.../one.wav", "/out/t_srt/s3/bucket"),
        ("zip://..:/one.wav::/talks/calls.zip", "/out/t_srt/zip/one.wav/talks"),
        ("zip://one.wav::/talks/calls.zip", "/out/t_srt/zip/one.wav/talks"),
    ],
)
def test_no_file_stands_outside_of_its_folder(path: str, place: str) -> None:
    files = AnnotationFiles("srt", "/out/t_srt", "/talks")
    assert files.folder_of(path) == Path(place)
