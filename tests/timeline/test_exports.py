"""Exports: each read back as the program that opens it does, equal to the millisecond."""

import json
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_core.errors import ExportError
from ser_core.results import SpeakerTurn
from ser_core.timeline.exports import FORMATS, find_format, write_export
from ser_core.timeline.exports.intervals import milliseconds, one_line
from ser_core.timeline.timeline import EmotionTimeline
from tests.support import eaf_schema
from tests.support.timelines import (
    ODD_LABELS,
    Border,
    make_timeline,
    read_audacity,
    read_csv,
    read_cues,
    read_eaf,
    read_json,
    read_label_studio,
    read_rttm,
    read_textgrid,
    segment,
)

TALK = make_timeline(
    [
        segment(0.2, 1.2345, "calm", speaker="A", confidence=0.9),
        segment(1.2345, 2.0, "sad", speaker="B", status="uncertain", confidence=0.41),
        segment(2.5, 3.0, "sad", speaker="A", intensity=0.625),
    ],
    duration=4.0,
    turns=[SpeakerTurn(0.1, 1.25, "A"), SpeakerTurn(1.25, 2.0, "B"), SpeakerTurn(2.4, 3.1, "A")],
    notes=["It is cut off --> after 4 s.", "Its channels were mixed."],
)
CALL = make_timeline(
    [
        segment(0.2, 2.0, "calm", speaker="channel 1"),
        segment(1.0, 3.0, "sad", speaker="channel 2", intensity=0.5),
    ],
    turns=[SpeakerTurn(0.2, 2.0, "channel 1"), SpeakerTurn(1.0, 3.0, "channel 2")],
    channel_names=("channel 1", "channel 2"),
)
EMPTY = make_timeline([], duration=3.25)
ODD = make_timeline(
    [segment(n, n + 0.5, label, labels=ODD_LABELS) for n, label in enumerate(ODD_LABELS)],
    labels=ODD_LABELS,
    duration=20.0,
)
HOUR = make_timeline(
    [segment(n * 8.9005, n * 8.9005 + 1.3, ("calm", "sad")[n % 2]) for n in range(404)],
    duration=3_600.0,
)
TIMELINES = {"talk": TALK, "call": CALL, "empty": EMPTY, "odd": ODD, "hour": HOUR}


@pytest.fixture(params=TIMELINES.values(), ids=list(TIMELINES))
def timeline(request: pytest.FixtureRequest) -> EmotionTimeline:
    return request.param


def borders(timeline: EmotionTimeline) -> list[Border]:
    return sorted(
        (milliseconds(one.start), milliseconds(one.end))
        for one in timeline.segments
        if milliseconds(one.end) > milliseconds(one.start)
    )


def read_borders(timeline: EmotionTimeline, folder: Path) -> dict[str, list[Border]]:
    """Write a timeline in every format but RTTM, and read its segments' times back."""
    paths = {
        form.name: timeline.save(folder / f"talk{form.ending}", recording=folder / "talk.wav")
        for form in FORMATS
        if form.name != "rttm"
    }
    grid, eaf = read_textgrid(paths["textgrid"]), read_eaf(paths["eaf"])
    config = paths["label-studio-config"].read_text(encoding="utf-8")
    regions = read_label_studio(paths["label-studio"], config)
    seconds = {
        "textgrid": [
            entry[:2]
            for name, tier in grid.items()
            for entry in tier
            if name.startswith("emotion") and entry[2]
        ],
        "audacity": [entry[:2] for entry in read_audacity(paths["audacity"])],
        "label-studio": [
            (one["value"]["start"], one["value"]["end"])
            for one in regions
            if one["from_name"] == "emotion"
        ],
    }
    found = {
        name: [tuple(map(milliseconds, pair)) for pair in own] for name, own in seconds.items()
    }
    found["eaf"] = [
        entry[:2] for name, tier in eaf.items() for entry in tier if name.startswith("emotion")
    ]
    for name, read in (("csv", read_csv), ("json", read_json)):
        found[name] = read(paths[name])
    for name in ("webvtt", "srt"):
        found[name] = [times for times, _ in read_cues(paths[name])]
    return {name: sorted(own) for name, own in found.items()}


def test_borders_are_the_same_in_every_format_to_the_millisecond(timeline, tmp_path):
    for name, found in read_borders(timeline, tmp_path).items():
        assert found == borders(timeline), name


times = st.lists(st.floats(0, 4_000, allow_nan=False), min_size=2, max_size=12, unique=True)


@settings(max_examples=12, deadline=None)
@given(times, st.booleans())
def test_no_interval_is_empty_or_overlaps_another_whatever_the_times(tmp_path_factory, cuts, apart):
    cuts.sort()
    pieces = [segment(a, b, speaker="A" if apart else None) for a, b in pairwise(cuts)]
    timeline = make_timeline(pieces, turns=[SpeakerTurn(cuts[0], cuts[-1], "A")] if apart else None)
    folder = tmp_path_factory.mktemp("exports")
    found = read_borders(timeline, folder)
    del found["json"]  # holds the numbers as they are
    assert all(own == borders(timeline) for own in found.values())
    for start, end in found["csv"]:
        assert start < end
    assert all(one[1] <= two[0] for one, two in pairwise(found["csv"]))
    (tier,) = [
        tier
        for name, tier in read_textgrid(folder / "talk.TextGrid").items()
        if name.startswith("emotion")
    ]
    assert tier[0][0] == 0.0
    assert all(one[1] == two[0] for one, two in pairwise(tier))


def test_labels_come_back_in_every_format_whatever_is_in_them(tmp_path):
    lines = [one_line(label) for label in ODD_LABELS]
    grid = read_textgrid(ODD.save(tmp_path / "odd.TextGrid"))
    assert [text for *_, text in grid["emotion"] if text] == lines
    eaf = read_eaf(ODD.save(tmp_path / "odd.eaf"))
    assert [text for *_, text in eaf["emotion"]] == lines
    assert [text for *_, text in read_audacity(ODD.save(tmp_path / "odd.txt"))] == lines
    cues = [text for _, text in read_cues(ODD.save(tmp_path / "odd.vtt"))]
    assert cues == [f"{line} 75 %" for line in lines]
    path = ODD.save(tmp_path / "odd.labelstudio.json", recording="odd.wav")
    regions = read_label_studio(path, ODD.to_label_studio_config())
    assert [region["value"]["labels"] for region in regions] == [[line] for line in lines]
    assert [row["label"] for row in ODD.to_dataframe().to_dict("records")] == list(ODD_LABELS)


def test_subrip_shows_brackets_that_are_no_markup(tmp_path):
    odd = make_timeline(
        [segment(0, 1, "<b>x</b>", labels=("<b>x</b>", "{\\an8}y")),
         segment(1, 2, "{\\an8}y", labels=("<b>x</b>", "{\\an8}y"))],
        labels=("<b>x</b>", "{\\an8}y"),
    )  # fmt: skip
    shown = [text for _, text in read_cues(odd.save(tmp_path / "odd.srt"))]
    assert [text.replace("\\\u2060", "\\") for text in shown] == [
        "\u2039b\u203ax\u2039/b\u203a 75 %",
        "(\\an8)y 75 %",
    ]


def test_subtitles_say_who_speaks_how_sure_and_how_strong(tmp_path):
    assert TALK.to_webvtt().startswith(
        "WEBVTT\n\nNOTE It is cut off -> after 4 s.\n\nNOTE Its channels were mixed.\n\n"
        "00:00:00.200 --> 00:00:01.234\n<v A>calm 90 %\n"
    )
    said = ["A: calm 90 %", "B: perhaps sad 41 %", "A: sad 75 %, intensity 62 %"]
    assert [text for _, text in read_cues(TALK.save(tmp_path / "talk.srt"))] == said
    shown = [text for _, text in read_cues(TALK.save(tmp_path / "talk.vtt"))]
    assert shown == [line.partition(": ")[2] for line in said]  # the voice is no text
    assert re.findall("<v (.+?)>", TALK.to_webvtt()) == ["A", "B", "A"]


def test_a_textgrid_has_a_tier_of_each_kind_for_each_speaker(tmp_path):
    grid = read_textgrid(TALK.save(tmp_path / "talk.TextGrid"))
    kinds = ("emotion", "confidence", "intensity", "status")
    assert list(grid) == [*(f"{kind} {name}" for name in "AB" for kind in kinds), "notes"]
    assert grid["emotion A"] == [
        (0.0, 0.2, ""),
        (0.2, 1.234, "calm"),
        (1.234, 2.5, ""),
        (2.5, 3.0, "sad"),
        (3.0, 4.0, ""),
    ]
    assert [text for *_, text in grid["confidence B"]] == ["", "0.41", ""]
    assert [text for *_, text in grid["intensity A"]] == ["", "0.62", ""]
    assert [text for *_, text in grid["status B"]] == ["", "uncertain", ""]
    assert grid["notes"] == [(0.0, 4.0, "It is cut off --> after 4 s. Its channels were mixed.")]
    assert read_textgrid(EMPTY.save(tmp_path / "none.TextGrid")) == {
        "emotion": [(0.0, 3.25, "")],
        "confidence": [(0.0, 3.25, "")],
    }


def test_the_short_textgrid_holds_what_the_long_one_holds(timeline, tmp_path):
    short = tmp_path / "short.TextGrid"
    short.write_text(timeline.to_textgrid(short=True), encoding="utf-8")
    assert "xmin" not in short.read_text(encoding="utf-8")
    assert read_textgrid(short) == read_textgrid(timeline.save(tmp_path / "long.TextGrid"))


def test_an_eaf_is_what_its_schema_says(timeline, tmp_path):
    path = timeline.save(tmp_path / "a" / "talk.eaf", recording=tmp_path / "b" / "a & b.wav")
    root = ElementTree.parse(path).getroot()
    eaf_schema.assert_valid(root)
    (media,) = root.iter("MEDIA_DESCRIPTOR")
    assert media.get("RELATIVE_MEDIA_URL") == "./../b/a & b.wav"
    assert media.get("MIME_TYPE") == "audio/x-wav"
    values = [value.text for value in root.iter("CVE_VALUE")]
    assert values == [one_line(label) for label in timeline.labels]
    for annotation in root.iter("ALIGNABLE_ANNOTATION"):
        entry = annotation.get("CVE_REF")
        if entry is not None:
            assert annotation[0].text == values[int(entry.removeprefix("cve"))]
    slots = [
        one.get(f"TIME_SLOT_REF{n}") for one in root.iter("ALIGNABLE_ANNOTATION") for n in "12"
    ]
    assert len(slots) == len(set(slots))  # a border that is moved moves no other


def test_an_eaf_says_more_of_each_emotion_below_it(tmp_path):
    eaf = read_eaf(TALK.save(tmp_path / "talk.eaf"))
    assert eaf["emotion A"] == [(200, 1_234, "calm"), (2_500, 3_000, "sad")]
    assert eaf["confidence A"] == [(200, 1_234, "0.90"), (2_500, 3_000, "0.75")]
    assert eaf["intensity A"] == [(2_500, 3_000, "0.62")]
    assert eaf["status B"] == [(1_234, 2_000, "uncertain")]
    assert eaf["notes"] == [(0, 4_000, "It is cut off --> after 4 s. Its channels were mixed.")]
    root = ElementTree.fromstring(TALK.to_eaf())
    assert root.find("HEADER/MEDIA_DESCRIPTOR") is None
    parents = {tier.get("TIER_ID"): tier.get("PARENT_REF") for tier in root.iter("TIER")}
    assert parents["status B"] == "emotion B"
    assert parents["emotion B"] is None
    assert {tier.get("PARTICIPANT") for tier in root.iter("TIER")} == {"A", "B", None}


def test_labels_for_audacity_have_six_decimals_and_say_who():
    assert TALK.to_audacity() == (
        "0.200000\t1.234000\tA: calm\n"
        "1.234000\t2.000000\tB: perhaps sad\n"
        "2.500000\t3.000000\tA: sad\n"
    )
    assert EMPTY.to_audacity() == ""


def test_rttm_says_who_speaks_when(tmp_path):
    rows = read_rttm(TALK.save(tmp_path / "talk.rttm", recording="a long  talk.wav"))
    spoken = [(row["start"], row["duration"], row["speaker"]) for row in rows]
    assert spoken == [("0.100", "1.150", "A"), ("1.250", "0.750", "B"), ("2.400", "0.700", "A")]
    assert {(row["type"], row["uri"], row["channel"]) for row in rows} == {
        ("SPEAKER", "a_long_talk", "1")
    }
    call = read_rttm(CALL.save(tmp_path / "call.rttm"))
    assert [(row["uri"], row["channel"], row["speaker"]) for row in call] == [
        ("recording", "1", "channel_1"),
        ("recording", "2", "channel_2"),
    ]
    with pytest.raises(ExportError, match=r"RTTM says who speaks, .+ speakers=2, or"):
        EMPTY.save(tmp_path / "none.rttm")
    assert not (tmp_path / "none.rttm").exists()


def test_a_label_studio_task_goes_with_its_configuration(tmp_path):
    address = "https://example.org/call.wav"
    path = CALL.save(tmp_path / "call.labelstudio.json", recording=address)
    regions = read_label_studio(path, CALL.to_label_studio_config())
    assert [(one["id"], one["from_name"], one["value"]["channel"]) for one in regions] == [
        ("segment1", "emotion", 0),
        ("segment1", "speaker", 0),
        ("segment2", "emotion", 1),
        ("segment2", "intensity", 1),
        ("segment2", "speaker", 1),
    ]
    (task,) = json.loads(path.read_text(encoding="utf-8"))
    assert task["data"] == {"audio": address}
    assert 'splitchannels="true"' in CALL.to_label_studio_config()
    assert 'name="speaker"' not in EMPTY.to_label_studio_config()
    (task,) = json.loads(TALK.to_label_studio("talk.wav"))
    assert task["data"]["notes"].startswith("It is cut off")
    assert task["data"]["audio"] == "/data/local-files/?d=talk.wav"
    (tmp_path / "annotations").mkdir()
    near = CALL.save(
        tmp_path / "annotations" / "call.labelstudio.json", recording=tmp_path / "calls" / "1 2.wav"
    )
    (task,) = json.loads(near.read_text(encoding="utf-8"))
    assert task["data"]["audio"] == "/data/local-files/?d=calls/1%202.wav"
    with pytest.raises(ExportError, match="Label Studio names the recording"):
        CALL.save(tmp_path / "nameless.labelstudio.json")


@pytest.mark.parametrize(
    ("recording", "address"),
    [
        ("/data/calls/one.wav", "/data/local-files/?d=data/calls/one.wav"),
        (r"C:\calls\one two.wav", "/data/local-files/?d=calls/one%20two.wav"),
        (r"\\server\share\calls\one.wav", "/data/local-files/?d=calls/one.wav"),
        ("calls/../../one.wav", "/data/local-files/?d=one.wav"),
        ("/calls/./old/../one.wav", "/data/local-files/?d=calls/one.wav"),
        ("/data/local-files/?d=one.wav", "/data/local-files/?d=one.wav"),
        ("/data/upload/1/one.wav", "/data/upload/1/one.wav"),
        ("data:audio/wav;base64,UklGRg==", "data:audio/wav;base64,UklGRg=="),
        ("s3://calls/one.wav", "s3://calls/one.wav"),
    ],
)
def test_label_studio_is_given_an_address_that_it_serves(recording, address):
    (task,) = json.loads(TALK.to_label_studio(recording))
    assert task["data"]["audio"] == address


def test_csv_opens_in_excel_with_its_accents_and_computes_nothing(tmp_path):
    content = ODD.save(tmp_path / "odd.csv", encoding="utf-8-sig").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfstart,end,status,label,")
    text = content.decode("utf-8-sig")
    assert ",'=1+1," in text
    assert "\u00e9l\u00e9gant" in text
    assert "0.75," in text  # a point, whatever the language
    plain = ODD.save(tmp_path / "plain.csv").read_bytes()
    assert plain == ODD.to_csv().encode("utf-8")
    assert b",=1+1," in plain
    for form in ("json", "srt"):
        with pytest.raises(ExportError, match="is written in utf-8, got 'utf-8-sig'"):
            ODD.save(tmp_path / "odd", format=form, encoding="utf-8-sig")
    with pytest.raises(ExportError, match="CSV is written in utf-8 or utf-8-sig, got 'latin-1'"):
        ODD.save(tmp_path / "odd.csv", encoding="latin-1")


def test_one_segment_and_the_shortest_recording(tmp_path):
    one = make_timeline([segment(0.0, 0.1)], duration=0.1)
    for name, found in read_borders(one, tmp_path).items():
        assert found == [(0, 100)], name


@pytest.mark.parametrize(
    "name", ['a "b" <c>, d.wav', "\u00e9\u6012.flac", "a\nb.wav", "\udcff.wav"]
)
def test_any_recording_can_be_named(tmp_path, name):
    for form in FORMATS:
        content = write_export(TALK, form, recording=name).decode("utf-8")
        if form.name == "eaf":
            eaf_schema.assert_valid(ElementTree.fromstring(content))
        if form.name == "label-studio":
            address = json.loads(content)[0]["data"]["audio"]
            assert unquote(address.partition("?d=")[2]) == name.replace("\udcff", "?")
        if form.name == "rttm":
            assert all(len(line.split()) == 10 for line in content.splitlines())


def test_formats_differ_in_name_and_ending_and_the_longest_ending_counts():
    for attribute in ("name", "title", "ending"):
        assert len({getattr(form, attribute).lower() for form in FORMATS}) == len(FORMATS)
    for form in FORMATS:
        assert find_format(form.name) is form
        assert find_format(f"some folder/talk.v1{form.ending.upper()}") is form
    for name in ("talk", "talk.doc", ".csv", "folder.csv/talk", ""):
        with pytest.raises(ExportError, match=r"written as csv, json, .+ end in \.csv, \.json,"):
            find_format(name)


def test_the_same_timeline_gives_the_same_file(timeline):
    for form in FORMATS:
        if form.find_missing(timeline, "talk.wav") is None:
            twice = [write_export(timeline, form, recording="talk.wav") for _ in range(2)]
            assert twice[0] == twice[1]
