"""Licences of corpora: what they are called on the Hub, and whether audio may be passed on."""

from dataclasses import dataclass

from .clip import CorpusInfo


@dataclass(frozen=True)
class Licence:
    """What a licence means for somebody who wants to publish a copy of a corpus.

    Attributes:
        id: SPDX identifier, as in CorpusInfo.licence.
        hub: the Hub's name of it in a card's front matter; "other" where it has none.
        title: its name in words.
        url: its text, or the page that states the terms.
        terms: on which terms an unchanged copy of the audio may be passed on, as the end of "It may
            be passed on ..."; None where it may not, or where nobody has looked it up.
    """

    id: str
    hub: str
    title: str
    url: str
    terms: str | None


_CC = "https://creativecommons.org/licenses"
_NAMED = "naming its authors, the licence, and what was changed"

# Publishing puts the files' own bytes into another container and leaves whole clips out, which is
# no adaptation (CC 4.0, section 2(a)(4)), so that NoDerivatives does not forbid it.
LICENCES = {
    licence.id: licence
    for licence in (
        Licence(
            "CC0-1.0",
            "cc0-1.0",
            "CC0 1.0 Universal",
            "https://creativecommons.org/publicdomain/zero/1.0/",
            "without conditions",
        ),
        Licence("CC-BY-4.0", "cc-by-4.0", "CC BY 4.0", f"{_CC}/by/4.0/", _NAMED),
        Licence(
            "CC-BY-SA-4.0",
            "cc-by-sa-4.0",
            "CC BY-SA 4.0",
            f"{_CC}/by-sa/4.0/",
            f"under the same licence, {_NAMED}",
        ),
        Licence(
            "CC-BY-NC-4.0",
            "cc-by-nc-4.0",
            "CC BY-NC 4.0",
            f"{_CC}/by-nc/4.0/",
            f"for non-commercial purposes, {_NAMED}",
        ),
        Licence(
            "CC-BY-NC-SA-4.0",
            "cc-by-nc-sa-4.0",
            "CC BY-NC-SA 4.0",
            f"{_CC}/by-nc-sa/4.0/",
            f"for non-commercial purposes and under the same licence, {_NAMED}",
        ),
        Licence(
            "CC-BY-NC-ND-4.0",
            "cc-by-nc-nd-4.0",
            "CC BY-NC-ND 4.0",
            f"{_CC}/by-nc-nd/4.0/",
            "unchanged and for non-commercial purposes, naming its authors and the licence",
        ),
        Licence(
            "ODbL-1.0",
            "odbl",
            "ODbL 1.0, the Open Database License",
            "https://opendatacommons.org/licenses/odbl/1-0/",
            "under the same licence, keeping its notices",
        ),
    )
}


def licence_of(info: CorpusInfo) -> Licence:
    """Look up the licence of a corpus; terms of its own (LicenseRef-...) forbid passing it on.

    >>> from . import iemocap, ravdess
    >>> licence_of(ravdess.INFO).hub, licence_of(iemocap.INFO).terms
    ('cc-by-nc-sa-4.0', None)
    """
    known = LICENCES.get(info.licence)
    if known is not None:
        return known
    title = f"the terms of {info.name}'s publisher"
    return Licence(info.licence, "other", title, info.homepage, None)
