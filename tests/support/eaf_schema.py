"""What EAFv3.0.xsd says of the elements that are written here: attributes, and children in order.

Source: http://www.mpi.nl/tools/elan/EAFv3.0.xsd, which cannot be fetched in a test.
"""

from collections import Counter
from dataclasses import dataclass
from xml.etree.ElementTree import Element

XSI = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"


@dataclass(frozen=True)
class Rule:
    required: frozenset[str]
    optional: frozenset[str]
    children: tuple[str, ...] = ()
    has_text: bool = False


def rule(required: str, optional: str = "", children: str = "", has_text: bool = False) -> Rule:
    return Rule(
        frozenset(required.split()),
        frozenset(optional.split()),
        tuple(children.split()),
        has_text,
    )


RULES = {
    "ANNOTATION_DOCUMENT": rule(
        "DATE AUTHOR VERSION",
        f"FORMAT {XSI}",
        "LICENSE HEADER TIME_ORDER TIER LINGUISTIC_TYPE LOCALE LANGUAGE CONSTRAINT "
        "CONTROLLED_VOCABULARY LEXICON_REF REF_LINK_SET EXTERNAL_REF",
    ),
    "HEADER": rule("", "MEDIA_FILE TIME_UNITS", "MEDIA_DESCRIPTOR LINKED_FILE_DESCRIPTOR PROPERTY"),
    "MEDIA_DESCRIPTOR": rule(
        "MEDIA_URL MIME_TYPE", "RELATIVE_MEDIA_URL TIME_ORIGIN EXTRACTED_FROM"
    ),
    "TIME_ORDER": rule("", "", "TIME_SLOT"),
    "TIME_SLOT": rule("TIME_SLOT_ID", "TIME_VALUE"),
    "TIER": rule(
        "TIER_ID LINGUISTIC_TYPE_REF",
        "PARTICIPANT ANNOTATOR DEFAULT_LOCALE PARENT_REF EXT_REF LANG_REF",
        "ANNOTATION",
    ),
    "ANNOTATION": rule("", "", "ALIGNABLE_ANNOTATION REF_ANNOTATION"),
    "ALIGNABLE_ANNOTATION": rule(
        "ANNOTATION_ID TIME_SLOT_REF1 TIME_SLOT_REF2",
        "SVG_REF EXT_REF LANG_REF CVE_REF",
        "ANNOTATION_VALUE",
    ),
    "REF_ANNOTATION": rule(
        "ANNOTATION_ID ANNOTATION_REF",
        "PREVIOUS_ANNOTATION EXT_REF LANG_REF CVE_REF",
        "ANNOTATION_VALUE",
    ),
    "ANNOTATION_VALUE": rule("", has_text=True),
    "LINGUISTIC_TYPE": rule(
        "LINGUISTIC_TYPE_ID",
        "TIME_ALIGNABLE CONSTRAINTS GRAPHIC_REFERENCES CONTROLLED_VOCABULARY_REF EXT_REF "
        "LEXICON_REF",
    ),
    "LANGUAGE": rule("LANG_ID", "LANG_DEF LANG_LABEL"),
    "CONSTRAINT": rule("STEREOTYPE", "DESCRIPTION"),
    "CONTROLLED_VOCABULARY": rule("CV_ID", "EXT_REF", "DESCRIPTION CV_ENTRY_ML"),
    "DESCRIPTION": rule("LANG_REF", has_text=True),
    "CV_ENTRY_ML": rule("CVE_ID", "EXT_REF", "CVE_VALUE"),
    "CVE_VALUE": rule("LANG_REF", "DESCRIPTION", has_text=True),
}
REFERENCES = {  # attribute -> what it names
    "TIME_SLOT_REF1": ("TIME_SLOT", "TIME_SLOT_ID"),
    "TIME_SLOT_REF2": ("TIME_SLOT", "TIME_SLOT_ID"),
    "ANNOTATION_REF": (None, "ANNOTATION_ID"),
    "PARENT_REF": ("TIER", "TIER_ID"),
    "LINGUISTIC_TYPE_REF": ("LINGUISTIC_TYPE", "LINGUISTIC_TYPE_ID"),
    "CONSTRAINTS": ("CONSTRAINT", "STEREOTYPE"),
    "CONTROLLED_VOCABULARY_REF": ("CONTROLLED_VOCABULARY", "CV_ID"),
    "CVE_REF": ("CV_ENTRY_ML", "CVE_ID"),
    "LANG_REF": ("LANGUAGE", "LANG_ID"),
}


def assert_valid(root: Element) -> None:
    """Assert that a document is what the schema says, and what ELAN wants beside it."""
    assert root.tag == "ANNOTATION_DOCUMENT"
    named = {pair: {one.get(pair[1]) for one in root.iter(pair[0])} for pair in REFERENCES.values()}
    for element in root.iter():
        of = RULES[element.tag]
        assert of.required <= set(element.keys()) <= of.required | of.optional, element.attrib
        order = [of.children.index(child.tag) for child in element]
        assert order == sorted(order), element.tag
        assert of.has_text or not (element.text or "").strip()
        for attribute, value in element.items():
            if attribute in REFERENCES:
                assert value in named[REFERENCES[attribute]], (attribute, value)
    for name in ("TIME_SLOT_ID", "ANNOTATION_ID", "TIER_ID", "LINGUISTIC_TYPE_ID", "CVE_ID"):
        counts = Counter(one.get(name) for one in root.iter() if one.get(name))
        assert not counts or max(counts.values()) == 1, name
    slots = [int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")]
    assert slots == sorted(slots)
    assert min(slots, default=0) >= 0
    assert [header.get("TIME_UNITS") for header in root.iter("HEADER")] == ["milliseconds"]
