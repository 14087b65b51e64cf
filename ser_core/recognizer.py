"""EmotionRecognizer: a model repository, loaded, that answers recordings.

recognizer = EmotionRecognizer.from_pretrained(DEFAULT_MODEL)
print(recognizer.predict("clip.wav"))
"""

import os
import shutil
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import ModelHubMixin

from . import features, hub
from .audio import AudioInput, load_audio
from .blocks import LogMelBlock
from .config import FeatureConfig
from .errors import ModelError, SpeechEmotionError
from .features.log_mel import mel_spectrogram
from .hub import REPOSITORY_FILES
from .results import EmotionPrediction
from .runtime import load_runtime, pool
from .speech import SpeechActivity, detect_speech

DEFAULT_MODEL = str(Path(__file__).parent / "pretrained")
"""Path of the embedded default model: a folder with exactly what a Hub repository of ours holds."""

MAX_SECONDS = 600.0  # [s] longest recording that gets one answer as a whole
MARGIN = 0.3  # [s] kept before the first and after the last speech
GATE_SAMPLE_RATE = 16_000  # [Hz] of the mel spectrogram the speech gate reads


class EmotionRecognizer(
    ModelHubMixin,
    library_name="keras",
    pipeline_tag="audio-classification",
    license="cc-by-nc-sa-4.0",
    tags=["speech-emotion-recognition"],
):
    """Hears the emotion in recordings of speech.

    Made by `from_pretrained`, from a folder or a Hub repository. Safe to share between threads.

    Attributes:
        config: FeatureConfig, everything around the network.
        directory: Path of the local files it was loaded from.
        source: str, the folder or repository id as it was given.
        revision: str, the hash of the Hub's commit that it was loaded from; None for a folder.
    """

    def __init__(
        self,
        directory: str | PathLike,
        *,
        source: str | None = None,
        revision: str | None = None,
    ) -> None:
        """Load a local model repository.

        Args:
            directory: folder with the files of a model repository.
            source: what it was asked for as; the folder itself where None.
            revision: the commit it was downloaded from, if it was.

        Raises:
            ConfigError: `feature_config.json` is not valid.
            ModelError: files are missing, cannot be run, or do not match the config.
        """
        self._hub_mixin_config = None  # the mixin would write our arguments into config.json
        self.directory = Path(directory)
        self.source = source or str(directory)
        self.revision = revision
        name = self.directory.absolute().name if revision is None else self.source
        hub.require_files(os.listdir(directory) if self.directory.is_dir() else (), name)
        self.config = FeatureConfig.load(self.directory)
        self._runtime = load_runtime(self.directory, self.config)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of every probability mapping."""
        return self.config.labels

    @property
    def runtime(self) -> str:
        """What runs the network: "LiteRT" or "Keras"."""
        return self._runtime.name

    def __repr__(self) -> str:
        return (
            f"EmotionRecognizer(recipe={self.config.recipe!r}, {len(self.labels)} labels, "
            f"{self.config.window:g} s windows at {self.config.sample_rate} Hz, {self.runtime})"
        )

    def predict(
        self, audio: AudioInput, *, max_seconds: float | None = MAX_SECONDS
    ) -> EmotionPrediction:
        """Hear the emotion in one recording.

        Windows with speech are answered one by one and pooled by their geometric mean.

        Args:
            audio: a path, bytes, binary file object, or (sample_rate [Hz], array); see
                ser_core.audio.load_audio for forms and formats.
            max_seconds: float > 0 [s], or None; a longer recording raises.

        Returns:
            EmotionPrediction.

        Raises:
            AudioError: the recording cannot be used; the message says why and what to do.
        """
        samples = load_audio(audio, sample_rate=self.config.sample_rate, max_seconds=max_seconds)
        duration = len(samples) / self.config.sample_rate
        frames = features.to_frames(samples, self.config)
        activity = self._speech(samples, frames)
        seconds = round(activity.speech_seconds, 3)
        if not activity.has_speech:
            return EmotionPrediction("no_speech", None, 0.0, {}, None, seconds, round(duration, 3))
        inputs = self._network_inputs(frames, activity)
        probabilities = pool(self._runtime.run(inputs), self.config)
        best = int(probabilities.argmax())
        confidence = float(probabilities[best])
        return EmotionPrediction(
            status="emotion" if confidence >= self.config.uncertain_below else "uncertain",
            label=self.labels[best],
            confidence=confidence,
            probabilities=dict(zip(self.labels, probabilities.tolist(), strict=True)),
            intensity=None,
            speech_seconds=seconds,
            duration=round(duration, 3),
        )

    def predict_batch(
        self, audios: Iterable[AudioInput], *, max_seconds: float | None = MAX_SECONDS
    ) -> list[EmotionPrediction]:
        """Hear the emotion in several recordings, each as `predict` does.

        Args:
            audios: recordings as for `predict`.
            max_seconds: float > 0 [s], or None; a longer recording raises.

        Returns:
            One EmotionPrediction per recording, in order.

        Raises:
            AudioError: a recording cannot be used; a note says which one, counted from 0.
        """
        answers = []
        for index, audio in enumerate(audios):
            try:
                answers.append(self.predict(audio, max_seconds=max_seconds))
            except SpeechEmotionError as error:
                error.add_note(f"This was recording {index} of the batch.")
                raise
        return answers

    def _speech(self, samples: np.ndarray, frames: np.ndarray) -> SpeechActivity:
        """Find speech, from the features' own mel spectrogram where it is the gate's."""
        first = self.config.blocks[0]
        gate = LogMelBlock(floor=getattr(first, "floor", LogMelBlock().floor))
        if self.config.sample_rate == GATE_SAMPLE_RATE and first == gate:
            mel = frames[:, : first.n_mels]
        else:
            mel = mel_spectrogram(
                load_audio((self.config.sample_rate, samples), sample_rate=GATE_SAMPLE_RATE)
            )
        speech = self.config.speech
        return detect_speech(mel, threshold=speech.threshold, min_speech=speech.min_seconds)

    def _network_inputs(self, frames: np.ndarray, activity: SpeechActivity) -> np.ndarray:
        """Cut the recording to where speech is, and make the network's inputs of it.

        Returns:
            float32 array of shape (inputs, config.frames, config.features).
        """
        rate = self.config.sample_rate / self.config.hop_length  # [frames / s]
        spoken = np.zeros(len(frames), dtype=bool)
        for start, end in activity.segments:
            spoken[round(start * rate) : max(round(end * rate), round(start * rate) + 1)] = True
        first, last = np.flatnonzero(spoken)[[0, -1]]
        margin = round(MARGIN * rate)
        extent = slice(max(0, first - margin), last + 1 + margin)
        frames, spoken = frames[extent], spoken[extent]
        kept = features.trim_range(frames, self.config)
        frames, spoken = frames[kept], spoken[kept]
        starts = features.window_starts(len(frames), self.config)
        length = self.config.window_frames
        heard = [start for start in starts if spoken[start : start + length].any()]
        windows = [frames[start : start + length] for start in heard or starts]
        return features.assemble([features.levels(w, self.config) for w in windows], self.config)

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | PathLike,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | PathLike | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
    ) -> "EmotionRecognizer":
        """Load a model from a folder or from the Hugging Face Hub.

        Args:
            pretrained_model_name_or_path: a folder, or the id of a Hub repository ("user/name").
            revision: a branch, tag or commit hash; None is the main branch.
            token: a token, True for the stored one, False for none; None for the stored one if any.
            cache_dir: where downloads are kept; None is huggingface_hub's own cache.
            force_download: whether to download what is cached already.
            local_files_only: whether to send no request, and use the cache alone.

        Returns:
            EmotionRecognizer.

        Raises:
            ModelNotFoundError: no such folder, repository or revision, or it cannot be reached.
            ModelError: the repository is not one of ours or cannot be run.
            ConfigError: its feature config is not valid.
        """
        # The mixin's own would ask the Hub for Keras' config.json first, and again for the rest.
        name = os.fspath(pretrained_model_name_or_path)
        if os.path.isdir(name):
            return cls(name, source=name)
        snapshot = hub.fetch(
            name,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
        )
        return cls(snapshot.directory, source=name, revision=snapshot.revision)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Push the model repository to the Hugging Face Hub, in one commit.

        Files of ours that a former model had and this one has not are deleted in that commit; else
        an old network would be served with a new config.

        Args:
            repo_id: "user/name"; made if it is not there.
            **options: as in huggingface_hub's ModelHubMixin.push_to_hub.

        Returns:
            The commit's address.
        """
        return super().push_to_hub(repo_id, **{"delete_patterns": list(REPOSITORY_FILES)} | options)

    def save_pretrained(self, save_directory: str | PathLike, **options: Any) -> str | None:
        """Write the model repository into a folder, so that `from_pretrained` reads it back.

        Args:
            save_directory: the folder; made if it is not there.
            **options: as in huggingface_hub's ModelHubMixin.save_pretrained.

        Raises:
            ModelError: the folder is the one this recognizer was loaded from.
        """
        target = Path(save_directory)
        if target.exists() and target.samefile(self.directory):
            # The mixin deletes the target's config.json first, which would be our own.
            raise ModelError(f"The model already is in {target}: save it into another folder.")
        return super().save_pretrained(target, **options)

    def _save_pretrained(self, save_directory: Path) -> None:
        for name in REPOSITORY_FILES:
            source = self.directory / name
            if source.is_file():
                shutil.copyfile(source, save_directory / name)
