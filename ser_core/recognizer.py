"""EmotionRecognizer: a model repository, loaded, that answers recordings.

recognizer = EmotionRecognizer.from_pretrained(DEFAULT_MODEL)
print(recognizer.predict("clip.wav"))
"""

import shutil
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import ModelHubMixin, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from . import config as config_module
from . import features
from .audio import AudioInput, load_audio
from .blocks import LogMelBlock
from .config import FeatureConfig
from .errors import ModelError, ModelNotFoundError, SpeechEmotionError
from .features.log_mel import mel_spectrogram
from .results import EmotionPrediction
from .runtime import KERAS_FILES, LITERT_FILE, load_runtime, pool
from .speech import SpeechActivity, detect_speech

DEFAULT_MODEL = str(Path(__file__).parent / "pretrained")
"""Path of the embedded default model: a folder with exactly what a Hub repository of ours holds."""

REPOSITORY_FILES = (
    "README.md",
    *KERAS_FILES,
    LITERT_FILE,
    config_module.FILE_NAME,
    "metrics.json",
    "dataset.json",
    "recipe.toml",
    "comparison.json",
)
"""Names of the files of a model repository; nothing else is downloaded, saved or pushed."""

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
    """

    def __init__(self, directory: str | PathLike) -> None:
        """Load a local model repository.

        Args:
            directory: folder with the files of a model repository.

        Raises:
            ConfigError: `feature_config.json` is missing or not valid.
            ModelError: the network is missing, cannot be run, or does not match the config.
        """
        self._hub_mixin_config = None  # the mixin would write our arguments into config.json
        self.directory = Path(directory)
        if not (self.directory / config_module.FILE_NAME).is_file():
            raise ModelNotFoundError(
                f"{self.directory.name} is no model repository of ours: it has no "
                f"{config_module.FILE_NAME}."
            )
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
        cls, pretrained_model_name_or_path: str | PathLike, **options: Any
    ) -> "EmotionRecognizer":
        """Load a model from a folder or from the Hugging Face Hub.

        Args:
            pretrained_model_name_or_path: a folder, or the id of a Hub repository ("user/name").
            **options: revision, token, cache_dir, force_download, local_files_only, as in
                huggingface_hub.

        Returns:
            EmotionRecognizer.

        Raises:
            ModelNotFoundError: no such folder, repository or revision, or it cannot be reached.
            ModelError: the repository is not one of ours or cannot be run.
            ConfigError: its feature config is not valid.
        """
        name = str(pretrained_model_name_or_path)
        try:
            return super().from_pretrained(name, **options)
        except RepositoryNotFoundError as error:
            raise ModelNotFoundError(
                f"There is no Hub repository {name} that can be seen from here: check the name, "
                "and log in with `hf auth login` if it is private."
            ) from error
        except RevisionNotFoundError as error:
            raise ModelNotFoundError(
                f"The Hub repository {name} has no revision {options.get('revision')!r}."
            ) from error
        except LocalEntryNotFoundError as error:
            raise ModelNotFoundError(
                f"{name} is not in the local cache, and the Hub cannot be reached or may not be "
                "asked: connect once, or give the path of a folder."
            ) from error
        except HFValidationError as error:
            raise ModelNotFoundError(
                f"{name} is neither a folder here nor the id of a Hub repository (user/name)."
            ) from error
        except HfHubHTTPError as error:
            raise ModelNotFoundError(
                f"The Hub did not give {name}: {error.server_message or error}"
            ) from error

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None = None,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        token: str | bool | None = None,
    ) -> "EmotionRecognizer":
        if Path(model_id).is_dir():
            return cls(Path(model_id))
        directory = snapshot_download(
            model_id,
            revision=revision,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
            token=token,
            allow_patterns=list(REPOSITORY_FILES),
        )
        return cls(Path(directory))

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
