"""A loaded model that embeds recordings, and is taught labels; `EmotionRecognizer` is one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Self

from ..audio.audio_input import AudioInput
from ..audio.load import load_with_notes
from ..model.hub_model import HubModel
from ..results import Embedding, TeachingReport
from .embedding import embed, require_embeddings
from .labelled_clips import collect_clips, embed_clips, make_head

MAX_SECONDS = 600.0  # [s] longest recording that gets one prediction, or embedding, as a whole


class TeachableModel(HubModel):
    """A loaded model repository that embeds recordings, and is taught labels."""

    @property
    def embedding_size(self) -> int | None:
        """How many numbers an embedding has; None if the model gives none."""
        return self.predictor.runtime.embedding_size

    @property
    def report(self) -> TeachingReport | None:
        """How good it is at what it was taught; None if it was not taught."""
        return None if self.head is None else self.head.report

    def embed(
        self,
        audio: AudioInput,
        *,
        windows: bool = False,
        max_seconds: float | None = MAX_SECONDS,
    ) -> Embedding:
        """Embed a recording: describe its speech by `embedding_size` numbers.

        Where the network gives its encoder's frames, the embedding is their mean over what
        `predict` takes of the recording; else it is what the network's last layer takes. It is the
        network's own, whatever voice it is adapted to and whatever it was taught.

        Args:
            audio: as for `predict`.
            windows: whether to embed the windows that `analyze` answers, too.
            max_seconds: float > 0 [s], or None; a longer recording raises.

        Returns:
            Embedding, which numpy takes for its vector; without speech its vector is None.

        Raises:
            ModelError: the model gives no embeddings.
            AudioError: the recording cannot be used; the message says why and what to do.
            ArgumentError: `max_seconds` is not positive.
        """
        predictor = self.network_predictor
        samples, notes = load_with_notes(audio, self.config.sample_rate, max_seconds)
        return replace(
            embed(predictor, samples, windows=windows),
            notes=notes,
            model=self._load().network_digest,
        )

    def teach(
        self,
        clips: Mapping[str, Iterable[AudioInput | Embedding]],
        *,
        speakers: Mapping[str, Iterable[str | int]] | None = None,
        max_seconds: float | None = MAX_SECONDS,
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Teach it other labels from a few clips of each.

        A linear head is fitted to the clips' embeddings and to the network's own answers for them;
        the network stays as it is. Each clip is also answered by a head that was taught the others
        alone: `report` says how well, whether that is better than guessing, and how many more clips
        it would want. Needs the extra `teach`; what it returns does not. A voice that it is adapted
        to counts for nothing, and what it returns is adapted to none.

        Args:
            clips: for each of 2 to 50 labels, at least three recordings as for `predict`, or their
                Embeddings by this model; at most 1,000 in all, each with speech, none twice.
            speakers: for each label, the name or number of each clip's speaker, at least two a
                label: then the test leaves out all clips of a speaker at a time, as strangers would
                be met.
            max_seconds: float > 0 [s], or None; a longer recording raises.
            progress: called after each clip with how many are embedded, and how many there are.

        Returns:
            Another model, which shares this one's network and whose labels are those.

        Raises:
            TeachingError: nothing can be learnt from these clips; the sentence names which.
            ModelError: the model gives no embeddings.
            ArgumentError: an argument is of a wrong type.
        """
        network = self.network_predictor
        require_embeddings(network)
        collected = collect_clips(clips, speakers)
        embedded = embed_clips(
            network,
            collected,
            self._load().network_digest,
            lambda audio: self.embed(audio, max_seconds=max_seconds),
            progress,
        )
        return self._with_head(make_head(network, collected, embedded))
