"""EmotionRecognizer: a model repository, loaded, that predicts the emotion in recordings.

recognizer = EmotionRecognizer.from_pretrained(DEFAULT_MODEL)
print(recognizer.predict("clip.wav"))
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .audio.audio_input import AudioInput, is_one_recording, require_several
from .audio.channels import Channels
from .audio.load import load_with_notes
from .errors import AdaptationError, SpeechEmotionError, check_number
from .model.adaptation import enrol, require_adaptation
from .results import EmotionPrediction, LabelSet
from .results.label_sets import Groups
from .results.scores import Score, score_labels
from .speech.turns import Speakers
from .timeline.analyze import AnalysisProgress, analyze
from .timeline.explainable_model import ExplainableModel
from .timeline.live import HOP, LiveBlock, LiveMoment, LiveSession
from .timeline.predict import predict
from .timeline.teachable_model import MAX_SECONDS
from .timeline.timeline import EmotionTimeline, Smoothing

DEFAULT_MODEL = str(Path(__file__).parent / "pretrained")
"""Path of the embedded model: a folder with exactly what a Hub repository of ours holds."""


class EmotionRecognizer(
    ExplainableModel,
    library_name="keras",
    pipeline_tag="audio-classification",
    license="cc-by-nc-sa-4.0",
    tags=["speech-emotion-recognition"],
):
    """Predicts the emotion in recordings of speech.

    Made by `from_pretrained`, from a folder or a Hub repository. Safe to share between threads. It
    pickles as what it was loaded from, what it is adapted to and what it was taught, without the
    network: the process that unpickles it loads the same files again once they are needed.

    Attributes:
        source: str, the folder or repository id as it was given.
        revision: str, the hash of the Hub's commit that it was loaded from; None for a folder.
        adapted_to: int, number of enrolment recordings of the voice it is adapted to; 0 for none.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of every probability mapping."""
        return self.config.labels

    @property
    def runtime(self) -> str:
        """What runs the network: "LiteRT" or "Keras"."""
        return self.predictor.runtime.name

    def __repr__(self) -> str:
        voice = f", adapted to {self.adapted_to} of a voice's recordings" if self.adapted_to else ""
        if self._loaded is None:  # out of a pickle, and nobody has asked anything yet
            return f"EmotionRecognizer({self.source!r}, not loaded yet{voice})"
        what = "labels" if self.head is None else "taught labels"
        return (
            f"EmotionRecognizer(recipe={self.config.recipe!r}, {len(self.labels)} {what}, "
            f"{self.config.window:g} s windows at {self.config.sample_rate} Hz, {self.runtime}"
            f"{voice})"
        )

    def __call__(
        self, audio: Any, *, top_k: int | None = None, **options: Any
    ) -> list[Score] | list[list[Score]]:
        """Predict as the pipelines of `transformers` do; see `predict`, which says more.

        Args:
            audio: a recording as for `predict`, or several of them.
            top_k: int > 0, how many labels to give at most; None for all.
            **options: as for `predict`.

        Returns:
            A list of {"label": str, "score": float, its probability}, likeliest first, which is
            empty where nobody speaks; for several recordings, a list of such lists in their order.

        Raises:
            AudioError, ArgumentError: as `predict_batch`.
        """
        if top_k is not None:
            check_number("top_k", top_k, least=1, whole=True)
        if is_one_recording(audio) or not isinstance(audio, Iterable):
            return score_labels(self.predict(audio, **options), top_k)
        return [score_labels(one, top_k) for one in self.predict_batch(audio, **options)]

    def predict(
        self,
        audio: AudioInput,
        *,
        labels: Iterable[str] | None = None,
        group: Groups | None = None,
        max_seconds: float | None = MAX_SECONDS,
    ) -> EmotionPrediction:
        """Predict the emotion in one recording.

        The probabilities of the windows with speech are pooled by their geometric mean; their
        intensities, if the model has them, by the arithmetic mean. A model that gives its encoder's
        frames answers from a summary of all that is between the first speech and the last; where
        that is longer than 8 s, from one of each of several equal spans, pooled alike.

        Args:
            audio: a path, bytes, binary file object, or (sample_rate [Hz], array); see
                ser_core.audio.load_audio for formats and further forms.
            labels: those of the model's labels that the recording can be of, two at least, in any
                order: their probabilities are divided by their sum. None for all.
            group: by its name, several of the model's labels that count as one, such as
                {"negative": ["angry", "sad"]}: its probability is the sum of theirs. One alone gets
                another name so. Labels in no group stay what they are. None for no groups.
            max_seconds: float > 0 [s], or None; a longer recording raises.

        Returns:
            EmotionPrediction; its `status` says what is uncertain among other labels.

        Raises:
            AudioError: the recording cannot be used; the message says why and what to do.
            ArgumentError: `max_seconds` is not positive, or `labels` or `group` fit neither the
                model nor one another.
        """
        return self._predict(audio, LabelSet.of(self.labels, labels, group), max_seconds)

    def _predict(
        self, audio: AudioInput, labels: LabelSet, max_seconds: float | None
    ) -> EmotionPrediction:
        samples, notes = load_with_notes(audio, self.config.sample_rate, max_seconds)
        return replace(self.predict_samples(samples, labels), notes=notes)

    def predict_batch(
        self,
        audios: Iterable[AudioInput],
        *,
        labels: Iterable[str] | None = None,
        group: Groups | None = None,
        max_seconds: float | None = MAX_SECONDS,
    ) -> list[EmotionPrediction]:
        """Predict the emotion in several recordings, each as `predict` does.

        Args:
            audios: recordings as for `predict`.
            labels, group, max_seconds: as for `predict`.

        Returns:
            One EmotionPrediction per recording, in order.

        Raises:
            AudioError: a recording cannot be used; a note says which one, counted from 0.
            ArgumentError: one recording was given instead of several, or as for `predict`.
        """
        wanted = LabelSet.of(self.labels, labels, group)
        answers = []
        for index, audio in enumerate(require_several(audios, "predict_batch takes", "recordings")):
            try:
                answers.append(self._predict(audio, wanted, max_seconds))
            except SpeechEmotionError as error:
                error.add_note(f"This was recording {index} of the batch.")
                raise
        return answers

    def adapt(
        self, recordings: Iterable[AudioInput], *, max_seconds: float | None = MAX_SECONDS
    ) -> "EmotionRecognizer":
        """Adapt to a voice, from some of its recordings, without labels.

        Some voices sound sad, or angry, whatever they say. What the predictions for the enrolment
        recordings have in common is removed from every later prediction, the more of it the more
        recordings there are. Enrolment with one emotion alone takes that emotion for the voice:
        mixed ones help most.

        Args:
            recordings: as for `predict`, each of this one voice; those without speech are left out.
            max_seconds: float > 0 [s], or None; a longer recording raises.

        Returns:
            Another EmotionRecognizer, which shares this one's network. It is adapted to the
            recordings given here alone, even if this one is adapted already, and takes every
            recording to be of that voice.

        Raises:
            AdaptationError: too few recordings have speech, or the model does not adapt.
            AudioError: a recording cannot be used; a note says which one, counted from 0.
            ArgumentError: one recording was given instead of several.
        """
        if self.head is not None:
            raise AdaptationError(
                "A taught recognizer does not adapt to a voice: teach it with clips of that voice."
            )
        require_adaptation(self.config)
        several = require_several(recordings, "adapt takes", "recordings")
        answers = self._with_offset(None, 0).predict_batch(several, max_seconds=max_seconds)
        return self._with_offset(*enrol(answers, self.config))

    def analyze(
        self,
        audio: AudioInput,
        *,
        window: float | None = None,
        hop: float | None = None,
        smoothing: Smoothing = "overlap",
        speakers: Speakers = None,
        channels: Channels = "mix",
        labels: Iterable[str] | None = None,
        group: Groups | None = None,
        max_seconds: float | None = None,
        threads: int | None = None,
        progress: Callable[[AnalysisProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> EmotionTimeline:
        """Follow how the emotions of a recording of any length change over time.

        It is decoded, resampled, gated and predicted block by block, in memory that does not grow
        with its length but for some hundred bytes a window. Each window with at least
        `config.speech.min_seconds` of speech gets the prediction that `predict` would give it as a
        recording of its own. A model that gives its encoder's frames encodes every moment with
        speech once, and answers each window from a summary of the frames in it that are speech or
        within 0.3 s of it, less the quiet ends of that; the last window may be 0.2 s longer than
        the others.

        Args:
            audio: as for `predict`; of any length from 0.1 s on.
            window: float > 0 [s], length of a window; None for what one input of the network
                covers.
            hop: float > 0 [s], step between windows; None for the feature config's.
            smoothing: "overlap": each moment's probabilities are pooled over all windows around it;
                "none": they are those of one window.
            speakers: number of speakers, 1 to 26, for diarisation; "auto" to estimate it, 6 at
                most, which often takes two people of one gender for one; None for no diarisation.
                The windows stay the same, so one across a change of speakers covers both. With
                `channels="auto"` it is for recordings whose channels are mixed.
            channels: "mix": the recording is what its channels are together; "separate": each of up
                to 8 channels is a speaker, "channel 1" and so on, with windows, turns and segments
                of their own, as on calls that are recorded with a side on each; copies of a channel
                that leak into another one, at least 12 dB softer, are silenced there; "auto":
                separate if there are two channels with different sound on each, else mix. The
                timeline's `channels` says which it was. For these two the recording is read twice.
            labels, group: as for `predict`; all of the timeline is in these labels.
            max_seconds: float > 0 [s], or None; a longer recording raises.
            threads: int > 0, how many windows are predicted at a time; None for one per core, four
                at most.
            progress: called with an AnalysisProgress after every block.
            cancelled: called after every block; if it returns True, AnalysisCancelledError is
                raised.

        Returns:
            EmotionTimeline; without speech it has no segments. If the recording is cut off,
            `truncated` says so; `notes` hold that and what else is to be said of it.

        Raises:
            AudioError: the recording cannot be used at all.
            AnalysisCancelledError: `cancelled` returned True.
            ArgumentError: an argument is out of range.
        """
        return analyze(
            self.predictor,
            audio,
            window=window,
            hop=hop,
            smoothing=smoothing,
            speakers=speakers,
            channels=channels,
            labels=LabelSet.of(self.labels, labels, group),
            max_seconds=max_seconds,
            threads=threads,
            progress=progress,
            cancelled=cancelled,
        )

    def stream(
        self,
        blocks: Iterable[LiveBlock],
        *,
        labels: Iterable[str] | None = None,
        group: Groups | None = None,
        hop: float = HOP,
        window: float | None = None,
    ) -> Iterator[LiveMoment]:
        """Follow live speech: a prediction for the last seconds, every `hop` seconds.

        What is kept does not grow, so this may go on for days. `LiveSession` does the same for
        blocks that are pushed rather than pulled.

        Args:
            blocks: (sample_rate [Hz], array) each, of any length, as `predict` takes arrays.
            labels, group: as for `predict`.
            hop: float > 0 [s], of audio between two predictions.
            window: float > 0 [s], how much of the past a prediction covers; None for what one input
                of the network covers.

        Returns:
            An iterator of LiveMoments, which takes blocks as they come.

        Raises:
            ArgumentError: at once, if an argument is out of range.
            AudioError: while iterating, if a block is no audio.
        """
        session = LiveSession(self, labels=labels, group=group, hop=hop, window=window)
        several = require_several(blocks, "stream takes", "blocks of sound")
        return (moment for block in several for moment in session.push(block))

    def predict_samples(
        self, samples: np.ndarray, labels: LabelSet | None = None
    ) -> EmotionPrediction:
        """Predict the emotion in samples that are decoded already; see `predict`.

        Args:
            samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
            labels: LabelSet that the prediction is in; None for the model's own labels.

        Returns:
            EmotionPrediction.
        """
        config = self.config
        activity, answer = predict(self.predictor, samples)
        return EmotionPrediction.of(
            None if answer is None else answer.probabilities,
            config,
            intensity=None if answer is None else answer.intensity,
            distance=None if answer is None else answer.distance,
            speech_seconds=round(activity.speech_seconds, 3),
            duration=round(len(samples) / config.sample_rate, 3),
            labels=labels,
        )
