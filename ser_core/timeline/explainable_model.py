"""A loaded model that explains its predictions; `EmotionRecognizer` is one."""

from collections.abc import Iterable
from dataclasses import replace

from ..audio.audio_input import AudioInput
from ..audio.load import load_with_notes
from ..results import LabelSet
from ..results.label_sets import Groups
from .occlusion import Explanation, occlude
from .teachable_model import MAX_SECONDS, TeachableModel


class ExplainableModel(TeachableModel):
    """A loaded model repository that explains its predictions."""

    def explain(
        self,
        audio: AudioInput,
        *,
        labels: Iterable[str] | None = None,
        group: Groups | None = None,
        max_seconds: float | None = MAX_SECONDS,
    ) -> Explanation:
        """Compute the saliency of a recording's moments for the prediction that `predict` gives.

        A quarter of a second at a time is replaced with silence, and the network predicts again:
        how far the log-probability of its prediction falls is the saliency of that piece.

        Args:
            audio, labels, group: as for `predict`.
            max_seconds: float > 0 [s], or None; a longer recording raises.

        Returns:
            Explanation; without speech it has no moments.

        Raises:
            AudioError: the recording cannot be used; the message says why and what to do.
            ArgumentError: `max_seconds`, `labels` or `group` is not valid, as for `predict`.
        """
        wanted = LabelSet.of(self.config.labels, labels, group)
        samples, notes = load_with_notes(audio, self.config.sample_rate, max_seconds)
        return replace(occlude(self.predictor, samples, wanted), notes=notes)
