"""The ways in which a recording is degraded before it is answered, each with how much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data import degradations
from ..data.digests import seed_of


@dataclass(frozen=True)
class Condition:
    """One way to degrade a recording.

    Attributes:
        kind: str, what is done.
        level: float, how much; None where there is one way only.
        unit: str, of the level.
    """

    kind: str
    level: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        return self.kind if self.level is None else f"{self.kind}, {self.level:g} {self.unit}"


CLEAN = Condition("clean")
CONDITIONS = (
    CLEAN,
    *(
        Condition(noise, snr, "dB SNR")
        for noise in ("white noise", "babble", "mains hum")
        for snr in (20.0, 10.0, 5.0, 0.0)
    ),
    *(Condition("reverberation", rt60, "s RT60") for rt60 in (0.3, 0.6, 1.0)),
    Condition("telephone"),
    Condition("MP3", 32.0, "kbit/s"),
    Condition("Opus", 16.0, "kbit/s"),
    *(Condition("clipping", share, "% of samples") for share in (1.0, 10.0)),
    Condition("gain in floats", 20.0, "dB"),
    *(Condition("gain in 16 bits", decibels, "dB") for decibels in (20.0, -20.0)),
    Condition("random gain in floats", 10.0, "dB either way"),
    Condition("silence on both sides", 1.0, "s"),
    *(Condition("middle", seconds, "s") for seconds in (0.5, 1.0, 2.0, 3.0)),
    *(Condition("speed", speed, "times") for speed in (0.9, 1.1)),
)


def degrade(
    samples: np.ndarray,
    condition: Condition,
    sample_rate: int,
    talkers: Sequence[np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Degrade a recording.

    Args:
        samples: float32 array of shape (n,), mono, full scale 1.
        condition: Condition.
        sample_rate: int [Hz].
        talkers: recordings that babble is made of, float32 arrays like `samples`.
        rng: numpy Generator.

    Returns:
        float32 array of shape (m,).
    """
    level = condition.level or 0.0  # None where there is one way only, which asks for none
    match condition.kind:
        case "clean":
            return samples
        case "white noise":
            return degradations.white_noise(samples, level, rng)
        case "babble":
            return degradations.babble(samples, level, talkers, rng)
        case "mains hum":
            return degradations.mains_hum(samples, level, sample_rate, rng)
        case "reverberation":
            return degradations.reverberate(samples, level, sample_rate, rng)
        case "telephone":
            return degradations.telephone(samples, sample_rate)
        case "MP3":
            return degradations.mp3(samples, sample_rate, round(1000 * level))
        case "Opus":
            return degradations.opus(samples, sample_rate, round(1000 * level))
        case "clipping":
            return degradations.clip(samples, level / 100.0)
        case "gain in floats":
            return degradations.gain(samples, level)
        case "random gain in floats":
            return degradations.gain(samples, rng.uniform(-level, level))
        case "gain in 16 bits":
            return degradations.gain_16_bits(samples, level)
        case "silence on both sides":
            return degradations.silence_around(samples, level, sample_rate)
        case "middle":
            return degradations.middle(samples, level, sample_rate)
        case "speed":
            return degradations.at_speed(samples, level, sample_rate)
    raise ValueError(f"There is no degradation called {condition.kind!r}.")


def generator(kind: str, name: str) -> np.random.Generator:
    """Make the generator of a file's draws: the same noise at every level and in every run."""
    return np.random.default_rng(seed_of(f"{kind}/{name}".encode()))
