"""ELAN's annotation file (.eaf): tiers of emotions, with what else is said of each below them.

Source: https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf, whose schema is
http://www.mpi.nl/tools/elan/EAFv3.0.xsd.
"""

import itertools
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .intervals import Tier, make_tiers, one_line

if TYPE_CHECKING:
    from ..timeline import EmotionTimeline

# The same timeline gives the same file, so this says nothing of when it was written.
DATE = "1970-01-01T00:00:00Z"
LANGUAGE = "und"  # undetermined, of the vocabulary: labels are in any
VOCABULARY = "emotions"
ALIGNED = ("emotion", "notes")  # tiers along time; the others stand below the emotion
MEDIA_TYPES = {".wav": "audio/x-wav", ".mp4": "video/mp4", ".mpg": "video/mpeg"}  # ELAN's own
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def eaf_text(timeline: "EmotionTimeline", recording: str | None) -> str:
    """Write a timeline for ELAN.

    Args:
        timeline: EmotionTimeline.
        recording: str, path of the recording from where the file will lie; None to have ELAN ask.
    """
    root = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "",
            "DATE": DATE,
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    if recording is not None:
        _link_recording(header, recording)
    _Annotations(root, timeline)
    _define_types(root)
    _define_vocabulary(root, timeline.labels)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False).join(
        ['<?xml version="1.0" encoding="UTF-8"?>\n', "\n"]
    )


def _link_recording(header: Element, recording: str) -> None:
    place = _NO_XML.sub("", recording)
    if not place.startswith("/") and "://" not in place:
        place = f"./{place}"
    ending = PurePosixPath(place).suffix.lower()
    described = {"MEDIA_URL": place, "MIME_TYPE": MEDIA_TYPES.get(ending, "audio/*")}
    SubElement(header, "MEDIA_DESCRIPTOR", {**described, "RELATIVE_MEDIA_URL": place})


class _Annotations:
    """Writes the tiers, and the slots of time that their annotations stand in."""

    def __init__(self, root: Element, timeline: "EmotionTimeline") -> None:
        self.root = root
        self.order = SubElement(root, "TIME_ORDER")
        self.ids = (f"a{number}" for number in itertools.count(1))
        self.entries = {one_line(label): f"cve{n}" for n, label in enumerate(timeline.labels)}
        tiers = make_tiers(timeline)
        self._slots = self._write_slots([tier for tier in tiers if tier.kind in ALIGNED])
        parent, annotated = "", dict[int, str]()
        for tier in tiers:
            if tier.kind in ALIGNED:
                parent, annotated = tier.name, self._write_tier(tier)
            else:
                self._write_child(tier, parent, annotated)

    def _write_slots(self, tiers: list[Tier]) -> dict[tuple[str, int, bool], str]:
        """Write a slot for each border, as shared ones would move several annotations in ELAN.

        Returns:
            Their names by tier, start of the annotation [ms], and whether it is its end.
        """
        borders = sorted(
            (time, number, tier.name, interval.start, is_end)
            for number, tier in enumerate(tiers)
            for interval in tier.intervals
            for time, is_end in ((interval.start, False), (interval.end, True))
        )
        slots = {}
        for number, (time, _, tier, start, is_end) in enumerate(borders, start=1):
            slots[tier, start, is_end] = name = f"ts{number}"
            slot = {"TIME_SLOT_ID": name, "TIME_VALUE": str(time)}
            SubElement(self.order, "TIME_SLOT", slot)
        return slots

    def _write_tier(self, tier: Tier) -> dict[int, str]:
        """Write a tier along time, and give its annotations' names by their starts [ms]."""
        element = self._start_tier(tier, tier.kind)
        written = {}
        for interval in tier.intervals:
            written[interval.start] = next(self.ids)
            attributes = {
                "ANNOTATION_ID": written[interval.start],
                "TIME_SLOT_REF1": self._slots[tier.name, interval.start, False],
                "TIME_SLOT_REF2": self._slots[tier.name, interval.start, True],
            }
            if tier.kind == "emotion" and interval.text in self.entries:
                attributes["CVE_REF"] = self.entries[interval.text]
            _annotate(element, "ALIGNABLE_ANNOTATION", attributes, interval.text)
        return written

    def _write_child(self, tier: Tier, parent: str, annotated: dict[int, str]) -> None:
        """Write a tier whose annotations stand below those of another one."""
        element = self._start_tier(tier, "detail")
        element.set("PARENT_REF", parent)
        for interval in tier.intervals:
            attributes = {
                "ANNOTATION_ID": next(self.ids),
                "ANNOTATION_REF": annotated[interval.start],
            }
            _annotate(element, "REF_ANNOTATION", attributes, interval.text)

    def _start_tier(self, tier: Tier, kind: str) -> Element:
        attributes = {"LINGUISTIC_TYPE_REF": kind, "TIER_ID": tier.name}
        if tier.speaker:
            attributes["PARTICIPANT"] = one_line(tier.speaker)
        return SubElement(self.root, "TIER", attributes)


def _annotate(tier: Element, kind: str, attributes: dict[str, str], text: str) -> None:
    annotation = SubElement(SubElement(tier, "ANNOTATION"), kind, attributes)
    SubElement(annotation, "ANNOTATION_VALUE").text = text


def _define_types(root: Element) -> None:
    for name, attributes in (
        ("emotion", {"TIME_ALIGNABLE": "true", "CONTROLLED_VOCABULARY_REF": VOCABULARY}),
        ("detail", {"TIME_ALIGNABLE": "false", "CONSTRAINTS": "Symbolic_Association"}),
        ("notes", {"TIME_ALIGNABLE": "true"}),
    ):
        named = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": name}
        SubElement(root, "LINGUISTIC_TYPE", {**named, **attributes})
    SubElement(root, "LANGUAGE", {"LANG_ID": LANGUAGE, "LANG_LABEL": "undetermined (und)"})
    described = "1-1 association with a parent annotation"
    constraint = {"DESCRIPTION": described, "STEREOTYPE": "Symbolic_Association"}
    SubElement(root, "CONSTRAINT", constraint)


def _define_vocabulary(root: Element, labels: tuple[str, ...]) -> None:
    vocabulary = SubElement(root, "CONTROLLED_VOCABULARY", {"CV_ID": VOCABULARY})
    SubElement(vocabulary, "DESCRIPTION", {"LANG_REF": LANGUAGE})
    for number, label in enumerate(labels):
        entry = SubElement(vocabulary, "CV_ENTRY_ML", {"CVE_ID": f"cve{number}"})
        SubElement(entry, "CVE_VALUE", {"LANG_REF": LANGUAGE}).text = one_line(label)
