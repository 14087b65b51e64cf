"""Small pieces of HTML: everything that goes into them is escaped here.

Only `Markup` goes in as it is, and only functions of this module make it.
"""

from collections.abc import Iterable, Sequence
from html import escape as _escape

from ...config.emotions import BY_NAME
from ..words.catalogue import Sentence
from ..words.languages import ENGLISH, current_language
from ..words.library import translate
from ..words.numbers import write_share
from . import text
from .palette import variable

OTHER = "other"  # the theme's colour for what has no label


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """Make any value safe to stand in HTML, between tags and in quoted attributes."""
    return value if isinstance(value, Markup) else Markup(_escape(str(value), quote=True))


def fill(template: str, **values: object) -> Markup:
    """Fill a template of ours; the values are escaped, the template is not.

    >>> fill("<p>{name}</p>", name="<b>")
    '<p>&lt;b&gt;</p>'
    """
    return Markup(template.format(**{name: escape(value) for name, value in values.items()}))


def join(parts: Iterable[object], between: str = "") -> Markup:
    """Put pieces one after the other, with some HTML between them."""
    return Markup(between.join(escape(part) for part in parts))


def percent(share: float) -> str:
    """Say a share in percent with one decimal, as the language that is spoken writes it.

    >>> percent(0.6325)
    '63.2%'
    """
    return write_share(share)


def tint(label: str | None) -> str:
    """Give a label's colours as CSS variables, for light and dark pages.

    `--emotion` fills areas; `--edge` draws lines, and stands out from the page where the fill may
    be too light to. The theme defines those of the eight emotions, `palette.label_css` others.

    Args:
        label: str; None for what has no label.

    >>> tint("sad")
    '--emotion:var(--ser-sad);--edge:var(--ser-sad-edge);--on-emotion:var(--ser-sad-on)'
    >>> tint("bored").split(";")[0]
    '--emotion:var(--ser-label-43b5b2f8,var(--ser-other))'
    """
    kinds = {"emotion": "", "edge": "-edge", "on-emotion": "-on"}
    name = OTHER if label is None else variable(label)
    rules = []
    for kind, ending in kinds.items():
        spare = "" if label is None or label in BY_NAME else f",var(--ser-{OTHER}{ending})"
        rules.append(f"--{kind}:var(--ser-{name}{ending}{spare})")
    return ";".join(rules)


def name_label(label: str) -> str:
    """Name a label within a sentence: an emotion in the language that is spoken, others as is."""
    return str(text.LABELS.get(label, label))


def name_gender(gender: str) -> str:
    """Name a gender in the language that is spoken; others as they are."""
    return str(text.GENDERS.get(gender, gender))


def say_label(label: str) -> str:
    """Write a label as it begins a line: with a capital letter, and the others as they are.

    >>> say_label("sad"), say_label("at ease"), say_label("ADHD")
    ('Sad', 'At ease', 'ADHD')
    """
    return capitalize(name_label(label))


def capitalize(words: str) -> str:
    """Begin with a capital letter, and leave the others as they are."""
    return words[:1].upper() + words[1:]


def in_english(words: str) -> str:
    """Mark words that are English whatever language is spoken around them."""
    if current_language() == ENGLISH or not words:
        return words
    return fill('<span lang="en">{words}</span>', words=words)


def say_sentence(words: str) -> str:
    """Say a sentence of the library's in the language that is spoken, else marked as English."""
    if current_language() == ENGLISH:
        return words
    return translate(words) or in_english(words)


def say_error(error: Exception) -> str:
    """Say what an error says, which the page or the library wrote."""
    words = error.args[0] if error.args else ""
    return words if isinstance(words, Sentence) else say_sentence(str(error))


def bar(label: str, share: float) -> Markup:
    """Draw a share as a bar in an emotion's colour; the number beside it says the same."""
    return fill(
        '<span class="ser-track" aria-hidden="true">'
        '<span class="ser-bar" style="{tint};width:{width}%"></span></span>',
        tint=tint(label),
        width=f"{100 * min(max(share, 0.0), 1.0):.1f}",
    )


def section(title: str, *parts: object, note: str = "", command: str = "") -> Markup:
    """Put parts under a heading.

    Args:
        title: str.
        parts: what stands under it.
        note: a sentence or two between.
        command: name of the command of `python -m train` that wrote its figures, which is said at
            the end.
    """
    source = '<p class="ser-small">{words} <code>python -m train {command}</code></p>'
    return fill(
        '<section class="ser-section"><h2>{title}</h2>{note}{body}{source}</section>',
        title=title,
        note=paragraph(note) if note else "",
        body=join(parts),
        source=fill(source, words=text.PRINTED_BY, command=command) if command else "",
    )


def paragraph(words: object) -> Markup:
    """One paragraph of running text."""
    return fill('<p class="ser-text">{words}</p>', words=words)


def small(words: object) -> Markup:
    """One paragraph of small print."""
    return fill('<p class="ser-small">{words}</p>', words=words)


def subheading(title: object, words: object) -> Markup:
    """A heading among controls, and small print under it."""
    return fill('<h2 class="ser-headed">{title}</h2>{words}', title=title, words=small(words))


def notice(words: object) -> Markup:
    """A sentence that stands where something is not there."""
    return fill('<p class="ser-notice">{words}</p>', words=words)


def facts(pairs: Iterable[tuple[str, object, str]]) -> Markup:
    """Show figures as a row of tiles: (name, value, what it means)."""
    tile = (
        '<div class="ser-tile"><dt>{name}</dt><dd>{value}</dd><dd class="ser-means">{means}</dd>'
        "</div>"
    )
    tiles = join(fill(tile, name=name, value=value, means=means) for name, value, means in pairs)
    return fill('<dl class="ser-tiles">{tiles}</dl>', tiles=tiles)


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numeric: int = 0,
    stack: bool = False,
) -> Markup:
    """Draw a table.

    Args:
        headers: one per column.
        rows: cells, as many as headers in each row.
        numeric: int, how many of the last columns are numbers, which are set flush right.
        stack: bool, whether a narrow screen shows each row as a block of named lines, which suits
            cells of running text; other tables scroll sideways inside themselves.

    Returns:
        Markup.
    """
    first = len(headers) - numeric

    kinds = ["ser-number" if column >= first else "ser-words" for column in range(len(headers))]

    def cells(template: str, values: Sequence[object]) -> Markup:
        return join(
            fill(template, kind=kind, name=name, value=value)
            for kind, name, value in zip(kinds, headers, values, strict=True)
        )

    cell = '<td class="{kind}" data-name="{name}">{value}</td>'
    return fill(
        '<div class="ser-scroll" tabindex="0"><table class="ser-table{stack}">'
        "<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>",
        stack=" ser-stack" if stack else "",
        head=cells('<th class="{kind}" scope="col">{value}</th>', headers),
        body=join(fill("<tr>{cells}</tr>", cells=cells(cell, list(row))) for row in rows),
    )
