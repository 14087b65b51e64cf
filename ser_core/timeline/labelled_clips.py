"""Clips that somebody sorted under labels: checked, embedded, and made a head of.

See `EmotionRecognizer.teach`.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from numbers import Integral
from os import PathLike
from typing import Any

import numpy as np

from ..audio.audio_input import AudioInput, require_several
from ..audio.source import name_path
from ..config.schema import LONGEST_NAME
from ..errors import ArgumentError, AudioError, TeachingError
from ..model.head_fitting import (
    LabelledClips,
    answer_left_out,
    fit_layer,
    fit_temperature,
    leave_out,
)
from ..model.predictor import Predictor
from ..model.teaching import TaughtHead, head_inputs
from ..results import Embedding, TeachingReport
from .embedding import require_embeddings

LEAST_CLIPS = 3  # of a label: with one left out, two are left to tell what it is like
MOST_CLIPS = 1_000  # of all labels together
MOST_LABELS = 50
SAME_SOUND = 0.2
"""Of the usual distance of a label's clips: what is nearer is taken for one recording. Of the
distance of any two clips of EMOVO, a clip and its Opus, Vorbis or MP3 are 0.06 to 0.23 apart, the
nearest two of its 578 clips 0.31, of a speaker's 0.42: a copy may pass, and hardly a take anew."""
_NAMED = 3  # clips that a sentence names
_ALIKE = "are so alike that they are taken for one recording"


@dataclass(frozen=True)
class Clip:
    """A clip that was sorted under a label.

    Attributes:
        label: str.
        number: int, from 1, among the label's.
        audio: an AudioInput, or its Embedding.
        speaker: str, in small letters; None where nobody said.
    """

    label: str
    number: int
    audio: AudioInput | Embedding
    speaker: str | None

    def __str__(self) -> str:
        audio = self.audio
        path = audio.get("path") if isinstance(audio, Mapping) else audio
        name = f" ({name_path(path)[:60]})" if isinstance(path, str | PathLike) else ""
        return f"clip {self.number} of {self.label!r}{name}"


def collect_clips(
    clips: Mapping[str, Iterable[AudioInput | Embedding]],
    speakers: Mapping[str, Iterable[str | int]] | None = None,
) -> list[Clip]:
    """List the clips of all labels, once it is clear that a head can be made of so many.

    Args:
        clips: as for `EmotionRecognizer.teach`.
        speakers: the same.

    Returns:
        Clips, label by label.

    Raises:
        ArgumentError: an argument is of a wrong type.
        TeachingError: there are too few or too many labels or clips, a label is no name, or the
            speakers are not those of the clips.
    """
    if not isinstance(clips, Mapping):
        raise ArgumentError(
            'teach takes a dict from label to its clips, such as {"calm": [...], "tired": [...]}, '
            f"got a {type(clips).__name__}."
        )
    labels = [_check_label(label) for label in clips]
    if len(labels) < 2:
        raise TeachingError(
            f"Teaching takes at least two labels, and got {', '.join(labels) or 'none'}: add clips "
            "of what it should be told apart from."
        )
    if len(labels) > MOST_LABELS:
        raise TeachingError(f"Teaching takes at most {MOST_LABELS} labels, and got {len(labels)}.")
    _require_distinct(labels)
    collected: list[Clip] = []
    for label, given in zip(labels, clips.values(), strict=True):
        several = require_several(given, f"teach takes for {label!r}", "clips")
        audios = list(islice(several, MOST_CLIPS + 1))
        if len(audios) < LEAST_CLIPS:
            count = {0: "no clip", 1: "one clip"}.get(len(audios), f"{len(audios)} clips")
            raise TeachingError(
                f"Label {label!r} has {count}, and a label takes at least {LEAST_CLIPS}: add "
                f"{LEAST_CLIPS - len(audios)} more."
            )
        collected += [Clip(label, number + 1, one, None) for number, one in enumerate(audios)]
        if len(collected) > MOST_CLIPS:
            raise TeachingError(
                f"Teaching takes at most {MOST_CLIPS:,} clips in all, and got more: leave some "
                "out, or train a model on them (docs/train.md)."
            )
    return collected if speakers is None else list(_add_speakers(collected, clips, speakers))


def embed_clips(
    predictor: Predictor,
    clips: Sequence[Clip],
    model: str,
    embed: Callable[[AudioInput], Embedding],
    progress: Callable[[int, int], None] | None = None,
) -> list[Embedding]:
    """Embed clips, and see to it that each can be learnt from.

    Args:
        predictor: of the network, neither adapted nor taught.
        clips: as `collect_clips` gives.
        model: digest of the network, as an Embedding has it.
        embed: embeds a recording.
        progress: called after each clip with how many are done, and how many there are.

    Returns:
        Embeddings with a vector, one per clip, in order.

    Raises:
        TeachingError: a clip cannot be used, has no speech, or is the embedding of another model,
            or two are the same; the sentence names them.
        ModelError: the model gives no embeddings.
    """
    size, network_labels = require_embeddings(predictor), len(predictor.config.labels)
    embedded: list[Embedding] = []
    silent: list[Clip] = []
    for clip in clips:
        try:
            one = clip.audio if isinstance(clip.audio, Embedding) else embed(clip.audio)
        except AudioError as error:
            raise TeachingError(f"{_capital(str(clip))} cannot be used: {error}") from error
        if one.vector is None or one.logits is None:
            silent.append(clip)
        elif (len(one.vector), len(one.logits)) != (size, network_labels):
            raise TeachingError(
                f"The embedding of {clip} is of another model: it has {len(one.vector)} numbers, "
                f"and those of this model have {size}."
            )
        elif one.model != model:
            raise TeachingError(
                f"The embedding of {clip} is of another model, or of another version of this one: "
                "give the recording itself, or embed it with this model."
            )
        embedded.append(one)
        if progress is not None:
            progress(len(embedded), len(clips))
    if silent:
        more = f" and {len(silent) - _NAMED} more" if silent[_NAMED:] else ""
        named = ", ".join(map(str, silent[:_NAMED]))
        raise TeachingError(
            f"No speech was found in {named}{more}: leave {'them' if silent[1:] else 'it'} out, or "
            "record again, closer to the microphone."
        )
    _require_different(clips, embedded)
    return embedded


def make_head(
    predictor: Predictor, clips: Sequence[Clip], embedded: Sequence[Embedding]
) -> TaughtHead:
    """Make a head of embedded clips, and test it on clips that it was not taught.

    Args:
        predictor: of the network, neither adapted nor taught.
        clips: as `collect_clips` gives.
        embedded: as `embed_clips` gives.

    Raises:
        TeachingError: scikit-learn is not installed.
    """
    network = predictor.config
    vectors = np.stack([np.asarray(one) for one in embedded])
    logits = np.stack([np.asarray(one.logits) for one in embedded])
    labels = tuple(dict.fromkeys(clip.label for clip in clips))
    classes = np.array([labels.index(clip.label) for clip in clips])
    speakers = [clip.speaker for clip in clips if clip.speaker is not None] or None
    names = [label.casefold() for label in network.labels]
    known = tuple(
        names.index(label.casefold()) if label.casefold() in names else None for label in labels
    )
    inputs = head_inputs(vectors, logits)
    labelled = LabelledClips(inputs, classes, vectors.shape[1], known)
    parts, test = leave_out(labelled, speakers)
    left_out = answer_left_out(labelled, parts)
    temperature = fit_temperature(left_out, classes)
    confusion = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(confusion, (classes, left_out.argmax(axis=1)), 1)
    layer = fit_layer(labelled)
    head = TaughtHead(
        labels=labels,
        network_labels=network.labels,
        network_intensity=network.outputs.intensity,
        weights=layer.weights / temperature,
        bias=layer.bias / temperature,
        temperature=round(temperature, 4),
        report=TeachingReport(
            labels=labels,
            clips=dict(zip(labels, np.bincount(classes).tolist(), strict=True)),
            test=test,
            speakers=None if speakers is None else len(set(speakers)),
            confusion=tuple(map(tuple, confusion.tolist())),
        ),
    )
    return head.rounded()


def _check_label(label: object) -> str:
    """Return a label without spaces around it; raise where it is no name."""
    if not isinstance(label, str):
        raise ArgumentError(f"A label is text, got {label!r:.60}, a {type(label).__name__}.")
    name = unicodedata.normalize("NFC", label.strip())
    if not name:
        raise TeachingError("A label is empty: give each a name.")
    if len(name) > LONGEST_NAME:
        raise TeachingError(
            f"Label {name[:30]!r}... has {len(name)} characters, and at most are {LONGEST_NAME}: "
            "shorten it."
        )
    if not name.isprintable():
        raise TeachingError(
            f"Label {name!r:.80} has characters that cannot be printed, such as a line break: "
            "leave them out."
        )
    return name


def _require_distinct(labels: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for label in labels:
        former = seen.setdefault(_fold(label), label)
        if former is not label:
            raise TeachingError(
                f"Labels {former!r} and {label!r} are the same but for spaces or capitals: put "
                "their clips under one."
            )


def _add_speakers(
    clips: Sequence[Clip],
    given: Mapping[str, Any],
    speakers: Mapping[str, Iterable[str | int]],
) -> Iterator[Clip]:
    """Say of each clip who speaks in it."""
    if not isinstance(speakers, Mapping):
        raise ArgumentError(
            "speakers must be a dict from label to its clips' speakers, got a "
            f"{type(speakers).__name__}."
        )
    missing = [key for key in given if key not in speakers]
    extra = [key for key in speakers if key not in given]
    if missing or extra:
        what = f"lack label {missing[0]!r:.60}" if missing else f"name label {extra[0]!r:.60}, too"
        raise TeachingError(f"speakers {what}: give a speaker for each clip of each label.")
    names: list[str] = []
    for key in given:
        column = speakers[key]
        if hasattr(column, "__array__"):  # of numbers it would look like a recording
            column = np.asarray(column).tolist()
        own = list(islice(require_several(column, "speakers takes", "names"), MOST_CLIPS))
        label = key.strip()
        count = sum(clip.label == unicodedata.normalize("NFC", label) for clip in clips)
        if len(own) != count:
            raise TeachingError(
                f"speakers has {len(own)} names for the {count} clips of {label!r}: give one each."
            )
        given_names = [_speaker_name(name) for name in own]
        if "" in given_names:
            raise TeachingError(
                f"speakers of {label!r} has what is no name: give text or a whole number for each."
            )
        named = [_fold(name) for name in given_names]
        if len(set(named)) < 2:
            raise TeachingError(
                f"All clips of {label!r} are of speaker {given_names[0]!r:.60}, so with that "
                "speaker left out none is left: add clips of another one, or leave out speakers."
            )
        names += named
    for clip, name in zip(clips, names, strict=True):
        yield Clip(clip.label, clip.number, clip.audio, name)


def _speaker_name(given: object) -> str:
    """Name a speaker by text or a whole number, as tables have them; "" where it is neither."""
    if isinstance(given, Integral) and not isinstance(given, bool):
        return str(int(given))
    return given.strip() if isinstance(given, str) else ""


def _fold(name: str) -> str:
    """Make one of a name that is spelled in two ways, by capitals or by how accents are stored."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _require_different(clips: Sequence[Clip], embedded: Sequence[Embedding]) -> None:
    """Raise TeachingError where two clips are one, whatever their names or encodings."""
    seen: dict[str, Clip] = {}
    for clip, one in zip(clips, embedded, strict=True):
        former = seen.setdefault(one.fingerprint, clip)
        if one.fingerprint and former is not clip:
            raise _same(former, clip)
    vectors = np.stack([np.asarray(one, dtype=np.float64) for one in embedded])
    vectors -= vectors.mean(axis=0)  # for exact differences
    squares = np.square(vectors).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares - 2 * vectors @ vectors.T, 0.0)
    upper = np.triu_indices(len(clips), 1)
    near = distances[upper] < SAME_SOUND**2 * _usual_distance(clips, distances)
    for first, second in zip(upper[0][near], upper[1][near], strict=True):
        raise _same(clips[first], clips[second], _ALIKE)


def _usual_distance(clips: Sequence[Clip], distances: np.ndarray) -> float:
    """Mean of the squared distances, (clips, clips), of two clips of one label.

    What sets labels apart, such as where they were recorded, says nothing of copies.
    """
    labels = np.array([clip.label for clip in clips])
    pairs = np.triu(labels[:, None] == labels, 1)
    return float(distances[pairs].mean())


def _same(first: Clip, second: Clip, how: str = "hold the same sound") -> TeachingError:
    if first.label == second.label:
        return TeachingError(
            f"{_capital(str(first))} and {second} {how}: leave one out, as a copy "
            "teaches nothing and would pass the test."
        )
    return TeachingError(
        f"{_capital(str(first))} and {second} {how} under two labels: decide for one of them."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
