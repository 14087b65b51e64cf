"""Timelines made by hand, and their exports read back as the programs that open them do."""

import csv
import dataclasses
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
from praatio import textgrid
from pympi import Eaf

from ser_core.results import EmotionPrediction, EmotionSegment, SpeakerTurn
from ser_core.timeline.shares import time_shares
from ser_core.timeline.timeline import EmotionTimeline

Border = tuple[int, int]  # start and end [ms]

ODD_LABELS = (
    "joy, or so",
    'the "quoted"',
    "it's",
    "<3 & more>",
    "=1+1",
    "-->",
    "{b}",
    "tab\there",
    "two\nlines",
    "\u00e9l\u00e9gant",
    "\u6012\u308a",
    "\u0433\u043d\u0435\u0432",
    "\U0001f600",
    "back\\slash",
)


def segment(
    start: float,
    end: float,
    label: str = "sad",
    *,
    labels: Sequence[str] = ("calm", "sad"),
    confidence: float = 0.75,
    intensity: float | None = None,
    status: str = "emotion",
    speaker: str | None = None,
) -> EmotionSegment:
    """A segment of one label; the others share the rest."""
    rest = (1.0 - confidence) / (len(labels) - 1)
    probabilities = {name: confidence if name == label else rest for name in labels}
    return EmotionSegment(start, end, status, label, confidence, probabilities, intensity, speaker)


def make_timeline(
    segments: Sequence[EmotionSegment],
    *,
    labels: Sequence[str] = ("calm", "sad"),
    duration: float | None = None,
    turns: Sequence[SpeakerTurn] | None = None,
    notes: Sequence[str] = (),
    channel_names: Sequence[str] = (),
) -> EmotionTimeline:
    """A timeline of these segments, of no windows."""
    ends = max((one.end for one in segments), default=1.0)
    duration = ends if duration is None else duration
    status = "emotion" if segments else "no_speech"
    label = segments[0].label if segments else None
    confidence = segments[0].confidence if segments else 0.0
    probabilities = segments[0].probabilities if segments else {}
    return EmotionTimeline(
        duration=duration,
        speech=tuple((one.start, one.end) for one in segments),
        segments=tuple(segments),
        overall=EmotionPrediction(
            status, label, confidence, probabilities, None, duration, duration, notes=tuple(notes)
        ),
        distribution=time_shares(segments, labels),
        votes=dict.fromkeys(labels, 0),
        dominant=label,
        dominance=1.0 if segments else 0.0,
        dominance_interval=(0.0, 1.0),
        window=2.4,
        hop=0.8,
        smoothing="overlap",
        truncated=None,
        labels=tuple(labels),
        bounds=np.zeros((0, 3)),
        answers=np.zeros((0, len(labels))),
        turns=None if turns is None else tuple(turns),
        notes=tuple(notes),
        channel_names=tuple(channel_names),
    )


def make_long_timeline(duration: float = 3_600.0, hop: float = 2.4) -> EmotionTimeline:
    """A timeline of windows without a pause between them, sad but for a minute in the middle."""
    middle = (duration / 2, duration / 2 + 60)
    borders = [(0.0, middle[0], "sad"), (*middle, "angry"), (middle[1], duration, "sad")]
    segments = [segment(*border, labels=("angry", "sad")) for border in borders]
    starts = np.arange(0, duration, hop)
    angry = (starts >= middle[0]) & (starts < middle[1])
    return dataclasses.replace(
        make_timeline(segments, labels=("angry", "sad")),
        speech=((0.0, duration),),
        hop=hop,
        smoothing="none",
        bounds=np.stack([starts, starts + hop, np.full_like(starts, hop)], axis=1),
        answers=np.stack([np.where(angry, 0.9, 0.2), np.where(angry, 0.1, 0.8)], axis=1),
        votes={"angry": int(angry.sum()), "sad": int((~angry).sum())},
    )


def read_csv(path: Path) -> list[Border]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(round(1000 * float(row["start"])), round(1000 * float(row["end"]))) for row in rows]


def read_json(path: Path) -> list[Border]:
    segments = json.loads(path.read_text(encoding="utf-8"))["segments"]
    return [(round(1000 * one["start"]), round(1000 * one["end"])) for one in segments]


def read_cues(path: Path) -> list[tuple[Border, str]]:
    """Read WebVTT or SubRip as FFmpeg does: the times, and what a player shows.

    FFmpeg shows WebVTT in a language of its own that has no braces, so that is read as it stands.
    """
    cues = []
    kind = {".vtt": "webvtt", ".srt": "srt"}[path.suffix]
    with av.open(str(path), format=kind) as container:
        for packet in container.demux(container.streams.subtitles[0]):
            if packet.size:
                (shown,) = packet.decode()
                text = shown.dialogue.decode("utf-8")
                if kind == "webvtt":
                    text = html.unescape(re.sub(r"<[^>]*>", "", bytes(packet).decode("utf-8")))
                cues.append(((packet.pts, packet.pts + packet.duration), text))
    return cues


def read_textgrid(path: Path) -> dict[str, list[tuple[float, float, str]]]:
    """Read a TextGrid as praatio does, empty intervals too."""
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="error")
    return {tier.name: [tuple(entry) for entry in tier.entries] for tier in grid.tiers}


def read_eaf(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    """Read an annotation file as pympi does, in order of time."""
    eaf = Eaf(str(path))
    return {
        name: sorted(tuple(entry[:3]) for entry in eaf.get_annotation_data_for_tier(name))
        for name in eaf.get_tier_names()
    }


def read_audacity(path: Path) -> list[tuple[float, float, str]]:
    """Read labels as Audacity's LabelStruct::Import does.

    A line is divided at tabs, several in a row counting as one; lines that begin with a backslash
    belong to the label before.
    """
    labels = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("\\"):
            continue
        start, end, title = [field for field in line.split("\t") if field][:3]
        labels.append((float(start), float(end), title))
    return labels


def read_rttm(path: Path) -> list[dict[str, str]]:
    """Read turns as pyannote's load_rttm does: ten columns, divided by white space."""
    columns = ("type", "uri", "channel", "start", "duration", "orthography", "subtype")
    columns = (*columns, "speaker", "confidence", "lookahead")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(columns, line.split(), strict=True)) for line in lines]


def read_label_studio(path: Path, config: str) -> list[dict]:
    """Read a task's regions, and check them as Label Studio's SDK does before it imports them."""
    view = ElementTree.fromstring(config)
    names = [tag.get("name") for tag in view.iter() if tag.get("name")]
    assert view.tag == "View"
    assert len(names) == len(set(names))
    objects = {tag.get("name") for tag in view.iter() if (tag.get("value") or "").startswith("$")}
    controls = {tag.get("name"): tag for tag in view.iter() if tag.get("toName")}
    (task,) = json.loads(path.read_text(encoding="utf-8"))
    for tag in view.iter("Audio"):
        assert task["data"][tag.get("value").removeprefix("$")]
    (prediction,) = task["predictions"]
    assert 0.0 <= prediction["score"] <= 1.0
    for region in prediction["result"]:
        control = controls[region["from_name"]]
        assert region["to_name"] in objects
        assert region["to_name"] in control.get("toName").split(",")
        assert region["type"] == control.tag.lower()
        value = region["value"]
        assert 0 <= value["start"] < value["end"] <= region["original_length"]
        if region["type"] == "number":
            assert float(control.get("min")) <= value["number"] <= float(control.get("max"))
        else:
            allowed = {choice.get("value") for choice in control}
            assert value[region["type"]]
            assert set(value[region["type"]]) <= allowed
    return prediction["result"]
