"""What stands where an answer stands: the answer, or why there is none."""

from ...emotions import BY_NAME, LABELS
from ...results import EmotionPrediction
from ..look import text
from ..look.markup import Markup, bar, colour, escape, fill, join, percent, small, swatch


def waiting() -> Markup:
    """What stands there before there is a recording."""
    return plain("waiting", text.WAITING_TITLE, text.WAITING)


def working() -> Markup:
    """What stands there while a recording is worked on."""
    return plain("working", text.WORKING_TITLE, text.WORKING)


def failed(sentence: str) -> Markup:
    """What stands there when a recording cannot be used; no emotion is shown."""
    return plain("failed", text.FAILED_TITLE, sentence, kind="ser-failed")


def unanswered(shown: str) -> str:
    """What stands there after a failure: where nothing was said about it, that there was one."""
    if shown == waiting():
        # It did not even begin.
        return plain("busy", text.BUSY_TITLE, text.BUSY, kind="ser-failed")
    return failed(text.FAULT) if shown == working() else shown


def card(prediction: EmotionPrediction, *, note: str = "") -> Markup:
    """Show an answer.

    Args:
        prediction: EmotionPrediction of any status.
        note: a sentence to add to an emotion, such as whom it is adapted to.

    Returns:
        Markup; without speech it names no emotion.
    """
    seconds = text.SPEECH_SECONDS.format(
        speech=prediction.speech_seconds, duration=prediction.duration
    )
    if prediction.status == "no_speech":
        return plain("no_speech", text.NO_SPEECH_TITLE, text.NO_SPEECH, seconds)
    headline = _uncertain(prediction) if prediction.status == "uncertain" else _emotion(prediction)
    if prediction.intensity is not None:
        seconds = f"{seconds}. {text.INTENSITY.format(percent=percent(prediction.intensity))}"
    return fill(
        '<div class="ser-card {kind}" data-status="{status}" '
        'style="--emotion:{colour}">{headline}{top}{all}'
        '<p class="ser-small">{seconds}</p>{note}</div>',
        kind="ser-unsure" if prediction.status == "uncertain" else "ser-sure",
        status=prediction.status,
        colour=colour(prediction.label),
        headline=headline,
        top=_top(prediction),
        all=_all(prediction),
        seconds=seconds,
        note=fill('<p class="ser-small ser-voice">{note}</p>', note=note) if note else "",
    )


def plain(
    status: str,
    title: str,
    words: str,
    below: str = "",
    *,
    kind: str = "ser-plain",
    place: str = "status",
) -> Markup:
    """A card of words alone.

    Args:
        status: what the attribute data-`place` says, by which tests and scripts know the card.
        title, words: what it says.
        below: small print under it; none if empty.
        kind: its class.
        place: whose card it is: "status" is the answer's.
    """
    return fill(
        '<div class="ser-card {kind}" data-{place}="{status}">'
        '<p class="ser-headline">{title}</p><p class="ser-text">{words}</p>{below}</div>',
        kind=kind,
        place=place,
        status=status,
        title=title,
        words=words,
        below=small(below) if below else "",
    )


def _emotion(prediction: EmotionPrediction) -> Markup:
    known = BY_NAME.get(prediction.label)
    return fill(
        '<p class="ser-headline" data-label="{label}">{name}</p>'
        '<p class="ser-lead">{probability}</p><p class="ser-text">{description}</p>',
        label=prediction.label,
        name=prediction.label.capitalize(),
        probability=text.PROBABILITY.format(percent=percent(prediction.confidence)),
        description=known.description if known else "",
    )


def _uncertain(prediction: EmotionPrediction) -> Markup:
    most_like = text.UNCERTAIN_MOST_LIKE.format(
        label=prediction.label, percent=percent(prediction.confidence)
    )
    return fill(
        '<p class="ser-headline">{title}</p>'
        '<p class="ser-lead" data-label="{label}">{most_like}</p><p class="ser-text">{words}</p>',
        title=text.UNCERTAIN_TITLE,
        label=prediction.label,
        most_like=most_like,
        words=text.UNCERTAIN,
    )


def _top(prediction: EmotionPrediction) -> Markup:
    items = join(
        fill("<li>{name}<b>{share}</b></li>", name=swatch(label), share=percent(share))
        for label, share in prediction.top(3)
    )
    return fill('<h2>{title}</h2><ol class="ser-top">{items}</ol>', title=text.TOP, items=items)


def _all(prediction: EmotionPrediction) -> Markup:
    rows = join(
        fill(
            '<li>{name}{bar}<span class="ser-share">{share}</span></li>',
            name=swatch(label),
            bar=bar(label, share),
            share=percent(share),
        )
        for label, share in prediction.probabilities.items()
    )
    title = text.ALL if len(prediction.probabilities) == len(LABELS) else text.ALL_OTHER
    return fill('<h2>{title}</h2><ul class="ser-all">{rows}</ul>', title=escape(title), rows=rows)
