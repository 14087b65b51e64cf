"""Label Studio: a task whose predictions annotators correct, and the labelling configuration.

Sources: https://labelstud.io/guide/predictions and https://labelstud.io/tags/audio; what is
checked where predictions are imported stands in label_studio_sdk's label_interface.
"""

import json
import re
from pathlib import PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .intervals import (
    PlacedSegment,
    find_channel,
    milliseconds,
    name_speakers,
    one_line,
    place_segments,
)

if TYPE_CHECKING:
    from ..timeline import EmotionTimeline

AUDIO, EMOTION, INTENSITY, SPEAKER = "audio", "emotion", "intensity", "speaker"
MODEL_VERSION = "ser-core"
_ADDRESSES = ("/data/local-files/", "/data/upload/", "data:")
_WINDOWS_ROOT = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def label_studio_text(timeline: "EmotionTimeline", recording: str) -> str:
    """Write a timeline as a list of one task with one prediction: a region for each segment.

    Args:
        timeline: EmotionTimeline.
        recording: str, address of the recording, as Label Studio is to load it; or its path.
    """
    data = {AUDIO: loading_address(recording)}
    if timeline.notes:
        data["notes"] = " ".join(timeline.notes)
    prediction = {
        "model_version": MODEL_VERSION,
        "score": round(timeline.overall.confidence, 6),
        "result": [
            entry
            for number, placed in enumerate(place_segments(timeline), start=1)
            for entry in _describe(timeline, f"segment{number}", placed)
        ],
    }
    tasks = [{"data": data, "predictions": [prediction]}]
    return json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"


def loading_address(recording: str) -> str:
    """Give the address from which Label Studio loads a recording.

    It opens no paths. Files of its own machine it serves from below the folder that it was started
    with, by their path from there, and nothing above it.

    Source: https://labelstud.io/guide/storage, "Local storage".

    >>> loading_address("../calls/one two.wav")
    '/data/local-files/?d=calls/one%20two.wav'
    >>> loading_address(r"C:\\calls\\one.wav")
    '/data/local-files/?d=calls/one.wav'
    >>> loading_address("https://example.org/one.wav")
    'https://example.org/one.wav'
    """
    if "://" in recording or recording.startswith(_ADDRESSES):
        return recording
    path = (PureWindowsPath if _WINDOWS_ROOT.match(recording) else PurePath)(recording)
    below: list[str] = []
    for part in path.parts[1:] if path.anchor else path.parts:
        below = below[:-1] if part == ".." else [*below, part]
    return f"/data/local-files/?d={quote('/'.join(below), errors='replace')}"


def label_studio_config(timeline: "EmotionTimeline") -> str:
    """Write the labelling configuration that goes with `label_studio_text`."""
    view = Element("View")
    emotions = SubElement(view, "Labels", {"name": EMOTION, "toName": AUDIO, "choice": "single"})
    for label in timeline.labels:
        SubElement(emotions, "Label", {"value": one_line(label)})
    audio = SubElement(view, "Audio", {"name": AUDIO, "value": f"${AUDIO}"})
    if timeline.channel_names:
        audio.set("splitchannels", "true")
    region = {"toName": AUDIO, "perRegion": "true"}
    SubElement(
        view, "Number", {"name": INTENSITY, **region, "min": "0", "max": "1", "step": "0.01"}
    )
    speakers = name_speakers(timeline)
    if speakers:
        choices = SubElement(view, "Choices", {"name": SPEAKER, **region, "choice": "single"})
        for speaker in speakers:
            SubElement(choices, "Choice", {"value": one_line(speaker)})
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _describe(
    timeline: "EmotionTimeline", name: str, placed: PlacedSegment
) -> list[dict[str, Any]]:
    """Give what is said of one region, one entry a tag of the configuration."""
    segment = placed.segment
    span = {
        "start": placed.start / 1000,
        "end": placed.end / 1000,
        "channel": find_channel(timeline, segment.speaker),
    }
    said: list[tuple[str, str, dict[str, Any]]] = [
        (EMOTION, "labels", {"labels": [one_line(segment.label)]})
    ]
    if segment.intensity is not None:
        said.append((INTENSITY, "number", {"number": segment.intensity}))
    if segment.speaker is not None:
        said.append((SPEAKER, "choices", {"choices": [one_line(segment.speaker)]}))
    return [
        {
            "id": name,
            "from_name": tag,
            "to_name": AUDIO,
            "type": kind,
            "origin": "prediction",
            "original_length": milliseconds(timeline.duration) / 1000,
            "score": round(segment.confidence, 6),
            "value": {**span, **value},
        }
        for tag, kind, value in said
    ]
