"""The tab that hears one recording."""

import html
from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from ..audio import load_audio
from ..emotions import BY_NAME, LABELS
from ..errors import AudioError
from ..occlusion import occlude
from ..recognizer import EmotionRecognizer
from ..results import EmotionPrediction
from ..settings import UPLOAD_AGE, Settings
from . import moments, text, voice
from .markup import Markup, bar, colour, escape, fill, join, percent, swatch
from .page import Page

MINUTES = UPLOAD_AGE / 60  # [min] a recording stays on the server


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            recording = gr.Audio(
                sources=["microphone", "upload"],
                type="filepath",
                format=None,
                label=text.RECORDING,
                buttons=[],
                elem_id="recording",
            )
            run = gr.Button(text.RUN, variant="primary", elem_id="run")
            mine, changes = voice.build(page)
        with gr.Column(scale=6, min_width=300):
            answer = gr.HTML(waiting(), elem_id="answer")
    explain = gr.Button(text.MOMENTS_RUN, elem_id="moments-run")
    picture = gr.HTML("", elem_id="moments")
    gr.HTML(limits(page.settings))

    def hear(path: str | None, own: EmotionRecognizer | None) -> Iterator[str]:
        yield from answers(page, path, own)

    def hear_again(path: str | None, own: EmotionRecognizer | None) -> Iterator[str]:
        # A recording that is no longer on the server keeps its answer; the next one is adapted.
        yield from answers(page, path, own) if unusable(path) is None else [gr.skip()]

    def explain_it(path: str | None, own: EmotionRecognizer | None) -> Iterator[Markup]:
        yield from explained(page, path, own)

    heard = gr.on(
        [recording.upload, recording.stop_recording, run.click],
        hear,
        inputs=[recording, mine],
        outputs=answer,
        trigger_mode="always_last",
        **page.hearing,
    )
    heard.failure(
        unanswered,
        inputs=answer,
        outputs=answer,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    for change in changes:
        change.success(
            hear_again,
            inputs=[recording, mine],
            outputs=answer,
            **page.hearing,
        )
    explaining = explain.click(
        explain_it,
        inputs=[recording, mine],
        outputs=picture,
        trigger_mode="once",
        **page.hearing,
    )
    explaining.failure(
        lambda: note_of(text.FAULT),
        outputs=picture,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    # In the browser, for it comes with every answer.
    answer.change(None, js="() => ''", outputs=picture, api_visibility="private")
    # A new recording, or none, must not stand beside the answer to the one before.
    gr.on(
        [recording.clear, recording.start_recording],
        waiting,
        outputs=answer,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def answers(page: Page, path: str | None, own: EmotionRecognizer | None = None) -> Iterator[Markup]:
    """Give what stands in the answer's place: first that it is worked on, then the answer.

    Args:
        page: Page.
        path: the recording's file, or None.
        own: EmotionRecognizer adapted to the visitor's voice; None for the page's own.

    Yields:
        Markup; the former answer is replaced before anything can fail.

    Raises:
        gr.Error: the recording cannot be used; the sentence says why and what to do, and has been
            yielded as well, for what pops up goes away again.
    """
    yield working()
    try:
        sentence = unusable(path)
        if sentence is None:
            limit = page.settings.max_seconds
            prediction = (own or page.recognizer).predict(path, max_seconds=limit)
            yield card(prediction, note=voice.note(own))
            return
    except AudioError as error:
        sentence = str(error)
    yield failed(sentence)
    # The message is shown as HTML.
    raise gr.Error(
        html.escape(sentence, quote=False), title=text.FAILED_TITLE, print_exception=False
    )


def explained(
    page: Page, path: str | None, own: EmotionRecognizer | None = None
) -> Iterator[Markup]:
    """Give what stands under an answer: which moments spoke for it, or why that is not known.

    Args:
        page: Page.
        path: the recording's file, or None.
        own: as for `answers`.

    Yields:
        Markup; first that it is worked on.
    """
    yield note_of(text.MOMENTS_WORKING)
    sentence = unusable(path)
    if sentence is None:
        recognizer = own or page.recognizer
        rate = recognizer.config.sample_rate
        try:
            samples = load_audio(path, sample_rate=rate, max_seconds=page.settings.max_seconds)
            found = occlude(recognizer, (rate, samples))
        except AudioError as error:
            sentence = str(error)
        else:
            sentence = text.NO_SPEECH if found.label is None else None
    yield moments.drawn(found, samples) if sentence is None else note_of(sentence)


def note_of(words: str) -> Markup:
    """A sentence where the picture of the moments would stand."""
    return fill('<p class="ser-text">{words}</p>', words=words)


def unusable(path: str | None) -> str | None:
    """Say why there is nothing to work on; None where there is."""
    if path is None:
        return text.NO_RECORDING
    if not Path(path).exists():
        return text.GONE.format(minutes=MINUTES)
    return None


def limits(settings: Settings) -> Markup:
    """Say what is accepted and how long it is kept."""
    words = text.LIMITS.format(
        seconds=settings.max_seconds, megabytes=settings.max_megabytes, minutes=MINUTES
    )
    return fill('<p class="ser-small">{words}</p>', words=words)


def waiting() -> Markup:
    """What stands there before there is a recording."""
    return _plain("waiting", text.WAITING_TITLE, text.WAITING)


def working() -> Markup:
    """What stands there while a recording is worked on."""
    return _plain("working", text.WORKING_TITLE, text.WORKING)


def failed(sentence: str) -> Markup:
    """What stands there when a recording cannot be used; no emotion is shown."""
    return _plain("failed", text.FAILED_TITLE, sentence, kind="ser-failed")


def unanswered(shown: str) -> str:
    """What stands there after a failure: where nothing was said about it, that there was one."""
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
        return _plain("no_speech", text.NO_SPEECH_TITLE, text.NO_SPEECH, seconds)
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


def _plain(status: str, title: str, words: str, small: str = "", kind: str = "ser-plain") -> Markup:
    return fill(
        '<div class="ser-card {kind}" data-status="{status}">'
        '<p class="ser-headline">{title}</p><p class="ser-text">{words}</p>{small}</div>',
        kind=kind,
        status=status,
        title=title,
        words=words,
        small=fill('<p class="ser-small">{small}</p>', small=small) if small else "",
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
