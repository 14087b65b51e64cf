"""The card of an answer: the emotion, or that there is none to rely on, and all probabilities."""

from collections.abc import Sequence

from ...config.emotions import are_the_eight
from ...results import EmotionPrediction
from ..look import text
from ..look.cards import Place, card, no_speech_card
from ..look.glyphs import swatch
from ..look.markup import (
    Markup,
    bar,
    fill,
    join,
    name_label,
    percent,
    say_label,
    say_sentence,
)


def answer_card(
    prediction: EmotionPrediction,
    *,
    coverage: float | None = None,
    note: str = "",
    place: Place = "status",
) -> Markup:
    """Show an answer.

    Args:
        prediction: EmotionPrediction of any status.
        coverage: float in (0, 1), how often the truth is among the labels that the answer cannot
            rule out; None if the model does not say.
        note: a sentence to add to an emotion, such as whose voice it is adapted to.
        place: whose card it is.

    Returns:
        Markup; without speech it names no emotion.
    """
    seconds = text.SPEECH_SECONDS.format(
        speech=prediction.speech_seconds, duration=prediction.duration
    )
    label = prediction.label
    if label is None:
        return no_speech_card(place, join_sentences(f"{seconds}.", *prediction.notes))
    title, lead = heading(prediction, label)
    unsure = prediction.status == "uncertain"
    return card(
        place,
        prediction.status,
        title,
        text.UNCERTAIN if unsure else text.SOUNDS.get(label, ""),
        *caveats(prediction, coverage),
        label=label,
        share=prediction.confidence,
        lead=lead,
        parts=[_top(prediction), _facts(prediction, seconds), _all(prediction)],
        note=note,
    )


def heading(prediction: EmotionPrediction, label: str) -> tuple[str, str]:
    """Name the emotion of an answer with speech, and say how probable it is.

    Args:
        prediction: EmotionPrediction.
        label: str, its label.

    Returns:
        Title of its card, which says whether it is sure; and the words under it.
    """
    share = percent(prediction.confidence)
    if prediction.status == "uncertain":
        title = text.UNCERTAIN_TITLE.format(label=name_label(label))
        return title, text.UNCERTAIN_PROBABILITY.format(percent=share)
    return say_label(label), text.PROBABILITY.format(percent=share)


def caveats(prediction: EmotionPrediction, coverage: float | None = None) -> list[str]:
    """Say in a sentence each what speaks against an answer: other labels, the sound, its notes.

    Args:
        prediction, coverage: as for `answer_card`.

    Returns:
        Sentences: which labels cannot be ruled out, that the sound is unfamiliar, where the model
        says so; and the prediction's notes.
    """
    sentences = []
    if coverage is not None and prediction.likely is not None and len(prediction.likely) > 1:
        labels = name_alternatives(prediction.likely)
        # What the model was not trained on holds the truth less often than at home.
        words = text.LIKELY_UNFAMILIAR if prediction.familiar is False else text.LIKELY
        sentences.append(words.format(coverage=coverage, labels=labels))
    if prediction.familiar is False:
        sentences.append(text.UNFAMILIAR)
    return [*sentences, *map(say_sentence, prediction.notes)]


def join_sentences(first: str, *notes: str) -> Markup:
    """Put a recording's notes, which are the library's, after a sentence of ours."""
    return join((first, *map(say_sentence, notes)), " ")


def name_alternatives(labels: Sequence[str]) -> str:
    """Name several labels of which one is meant.

    >>> name_alternatives(["calm", "sad", "neutral"])
    'calm, sad or neutral'
    """
    *others, last = map(name_label, labels)
    return text.LIKELY_OR.format(others=", ".join(others), last=last) if others else last


def share_row(label: str, share: float) -> Markup:
    """Show an emotion's share as an item of a list: its name, a bar and the number."""
    return fill(
        '<li>{name}{bar}<span class="ser-share">{share}</span></li>',
        name=swatch(label),
        bar=bar(label, share),
        share=percent(share),
    )


def _top(prediction: EmotionPrediction) -> Markup:
    items = join(
        fill(
            "<li>{name}{bar}<b>{share}</b></li>",
            name=swatch(label),
            bar=bar(label, share),
            share=percent(share),
        )
        for label, share in prediction.top(3)
    )
    return fill(
        '<ol class="ser-top" aria-label="{title}">{items}</ol>', title=text.TOP, items=items
    )


def _facts(prediction: EmotionPrediction, seconds: str) -> Markup:
    """What else is known, each a few words: how strong, how much speech, whether familiar."""
    facts = [seconds]
    if prediction.intensity is not None:
        facts.insert(0, text.INTENSITY.format(percent=percent(prediction.intensity)))
    if prediction.familiar:
        facts.append(text.FAMILIAR)
    return fill(
        '<ul class="ser-facts">{items}</ul>',
        items=join(fill("<li>{fact}</li>", fact=fact) for fact in facts),
    )


def _all(prediction: EmotionPrediction) -> Markup:
    rows = join(share_row(label, share) for label, share in prediction.probabilities.items())
    title = text.ALL if are_the_eight(prediction.probabilities) else text.ALL_OTHER
    return fill(
        '<details class="ser-details"><summary>{title}</summary>'
        '<ul class="ser-all">{rows}</ul></details>',
        title=title,
        rows=rows,
    )
