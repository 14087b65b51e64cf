"""What happens to recordings outside a studio: noise, rooms, telephones, codecs, levels, speed.

Pure functions from float32 mono samples, full scale 1, to float32 mono samples; what is drawn at
random comes from a generator that is given. A signal-to-noise ratio compares mean powers over the
whole recording, pauses included.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

from ser_core.audio.load import load_audio

TELEPHONE_RATE = 8_000  # Hz
TELEPHONE_BAND = (300.0, 3_400.0)  # Hz
MU = 255.0  # of the mu-law
STEPS = 127.0  # of its 8 bits, one of which is the sign
CODEC_RATE = 16_000  # Hz, at which codecs are fed; MP3 and Opus both have it
MAINS = 50.0  # Hz
HARMONICS = 10  # of the mains, the k-th with the amplitude 1/k
DIRECT_TO_REVERBERANT = 0.0  # [dB], energy of the direct sound against what the room adds
TALKERS = 6  # heard at once in babble
FULL_SCALE = 32_768  # of 16-bit samples


def at_snr(samples: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """Add noise at a signal-to-noise ratio.

    Args:
        samples: float32 array of shape (n,).
        noise: float array of shape (n,), of any level.
        snr: float [dB], mean power of `samples` against that of what is added.

    Returns:
        float32 array of shape (n,); where either is digital silence, `samples` as they are.

    >>> at_snr(np.ones(2, dtype=np.float32), np.array([2.0, -2.0]), 0.0).tolist()
    [2.0, 0.0]
    """
    power = np.mean(np.square(samples, dtype=np.float64))
    level = np.mean(np.square(noise, dtype=np.float64))
    if power == 0.0 or level == 0.0:
        return samples
    factor = np.sqrt(power / level * 10.0 ** (-snr / 10.0))
    result: np.ndarray = (samples + factor * noise).astype(np.float32)
    return result


def white_noise(samples: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise with the same power at every frequency.

    Args:
        samples: float32 array of shape (n,).
        snr: float [dB].
        rng: numpy Generator.

    Returns:
        float32 array of shape (n,).
    """
    return at_snr(samples, rng.standard_normal(len(samples)), snr)


def babble(
    samples: np.ndarray, snr: float, talkers: Sequence[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Add several people who talk at once, each equally loud, over and over from anywhere.

    Args:
        samples: float32 array of shape (n,).
        snr: float [dB].
        talkers: float32 arrays of shape (any > 0,), recordings to choose TALKERS of.
        rng: numpy Generator.

    Returns:
        float32 array of shape (n,).
    """
    mixed = np.zeros(len(samples))
    for choice in rng.choice(len(talkers), size=min(TALKERS, len(talkers)), replace=False):
        talker = talkers[choice]
        level = max(float(np.sqrt(np.mean(np.square(talker)))), 1e-9)
        mixed += np.resize(np.roll(talker, int(rng.integers(len(talker)))), len(samples)) / level
    return at_snr(samples, mixed, snr)


def mains_hum(
    samples: np.ndarray, snr: float, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:
    """Add the hum of a 50 Hz mains: ten harmonics in any phase.

    Args:
        samples: float32 array of shape (n,).
        snr: float [dB].
        sample_rate: int [Hz].
        rng: numpy Generator.

    Returns:
        float32 array of shape (n,).
    """
    orders = np.arange(1, HARMONICS + 1)
    phases = rng.uniform(0.0, 2.0 * np.pi, HARMONICS)
    time = np.arange(len(samples)) / sample_rate
    waves = np.sin(2.0 * np.pi * MAINS * orders[:, None] * time + phases[:, None])
    return at_snr(samples, (waves / orders[:, None]).sum(axis=0), snr)


def room_response(rt60: float, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Make the impulse response of a room: the direct sound, then noise that dies away.

    Args:
        rt60: float > 0 [s], after which the energy has fallen by 60 dB.
        sample_rate: int [Hz].
        rng: numpy Generator.

    Returns:
        float64 array of shape (round(rt60 * sample_rate),); the direct sound is 1, and what follows
        has as much energy as DIRECT_TO_REVERBERANT says.

    Source: Polack's statistical model of diffuse reverberation, as in Lebart, Boucher and Denbigh
    (2001), Acta Acustica 87(3), 359-366.
    """
    count = round(rt60 * sample_rate)
    decay = 10.0 ** (-3.0 * np.arange(count) / count)
    response = rng.standard_normal(count) * decay
    response[0] = 0.0
    response *= 10.0 ** (-DIRECT_TO_REVERBERANT / 20.0) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    return response


def reverberate(
    samples: np.ndarray, rt60: float, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:
    """Let a recording sound as in a room, and then the room die away.

    Args:
        samples: float32 array of shape (n,).
        rt60: float > 0 [s].
        sample_rate: int [Hz].
        rng: numpy Generator.

    Returns:
        float32 array of shape (n + round(rt60 * sample_rate) - 1,).
    """
    result: np.ndarray = fftconvolve(samples, room_response(rt60, sample_rate, rng)).astype(
        np.float32
    )
    return result


def telephone_line() -> np.ndarray:  # (sections, 6)
    """Make the filter of a telephone line at its sampling rate, as second-order sections."""
    result: np.ndarray = butter(
        4, TELEPHONE_BAND, btype="bandpass", fs=TELEPHONE_RATE, output="sos"
    )
    return result


def telephone(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Send a recording through a telephone line: 300 to 3400 Hz, 8 kHz, 8-bit mu-law.

    Args:
        samples: float32 array of shape (n,).
        sample_rate: int [Hz].

    Returns:
        float32 array of about n samples, at `sample_rate` again.

    Source: mu-law of ITU-T G.711, as its continuous formula; the band of ITU-T G.712.
    """
    narrow = soxr.resample(samples, sample_rate, TELEPHONE_RATE)
    filtered = np.clip(sosfilt(telephone_line(), narrow), -1.0, 1.0)
    companded = np.sign(filtered) * np.log1p(MU * np.abs(filtered)) / np.log1p(MU)
    coded = np.round(companded * STEPS) / STEPS
    heard = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(MU)) / MU
    result: np.ndarray = soxr.resample(heard.astype(np.float32), TELEPHONE_RATE, sample_rate)
    return result


def through_codec(
    samples: np.ndarray,
    sample_rate: int,
    *,
    codec: str,
    container: str,
    bit_rate: int,
    **options: str,
) -> np.ndarray:
    """Encode a recording with FFmpeg, and read it as any file is read.

    Args:
        samples: float32 array of shape (n,); beyond full scale it is clipped, as a file would be.
        sample_rate: int [Hz].
        codec: FFmpeg's name of the encoder.
        container: FFmpeg's name of the file format.
        bit_rate: int [bit/s].
        **options: further options of the encoder.

    Returns:
        float32 array of about n samples, at `sample_rate`.
    """
    import av  # only now: FFmpeg takes a tenth of a second to load

    fed = soxr.resample(samples, sample_rate, CODEC_RATE)
    whole = as_16_bits(fed)
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        settings: dict[str, Any] = {"layout": "mono", "bit_rate": bit_rate, "options": options}
        # PyAV cannot say which kind of stream the name of a codec makes.
        stream: Any = out.add_stream(codec, rate=CODEC_RATE, **settings)
        stream.codec_context.thread_count = 1
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.sample_rate = CODEC_RATE
        resampler = av.AudioResampler(
            format=stream.codec_context.format, frame_size=stream.codec_context.frame_size or 0
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return load_audio(file.getvalue(), sample_rate=sample_rate)


def mp3(samples: np.ndarray, sample_rate: int, bit_rate: int) -> np.ndarray:
    """Encode as MP3 (LAME), and decode; see `through_codec`.

    Without a bit reservoir: libmpg123 complains of FFmpeg's where a file begins, though it decodes
    the same.
    """
    settings = {"codec": "libmp3lame", "container": "mp3", "reservoir": "0"}
    return through_codec(samples, sample_rate, bit_rate=bit_rate, **settings)


def opus(samples: np.ndarray, sample_rate: int, bit_rate: int) -> np.ndarray:
    """Encode as Opus in Ogg, as messengers do, and decode; see `through_codec`."""
    return through_codec(samples, sample_rate, codec="libopus", container="ogg", bit_rate=bit_rate)


def clip(samples: np.ndarray, share: float) -> np.ndarray:
    """Cut off the peaks, as an overdriven microphone does.

    Args:
        samples: float32 array of shape (n,).
        share: float in (0, 1), of the samples that are cut.

    Returns:
        float32 array of shape (n,).

    >>> clip(np.array([0.25, -0.5, 0.75, -1.0], dtype=np.float32), 0.5).tolist()
    [0.25, -0.5, 0.5, -0.5]
    """
    limit = np.quantile(np.abs(samples), 1.0 - share, method="lower")
    result: np.ndarray = np.clip(samples, -limit, limit)
    return result


def gain(samples: np.ndarray, decibels: float) -> np.ndarray:
    """Make louder or quieter; what passes full scale stays, as floats keep it.

    >>> gain(np.array([0.5, -0.1], dtype=np.float32), 20.0).tolist()
    [5.0, -1.0]
    """
    return samples * np.float32(10.0 ** (decibels / 20.0))


def as_16_bits(samples: np.ndarray) -> np.ndarray:  # (n,)
    """Round to 16 bits; what passes full scale is clipped."""
    scaled = np.round(samples.astype(np.float64) * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def gain_16_bits(samples: np.ndarray, decibels: float) -> np.ndarray:
    """Make louder or quieter as a 16-bit file holds it: clipped at full scale, and rounded."""
    return as_16_bits(gain(samples, decibels)).astype(np.float32) / np.float32(FULL_SCALE)


def silence_around(samples: np.ndarray, seconds: float, sample_rate: int) -> np.ndarray:
    """Put digital silence before and after.

    Args:
        samples: float32 array of shape (n,).
        seconds: float >= 0 [s], on each side.
        sample_rate: int [Hz].

    Returns:
        float32 array of shape (n + 2 * round(seconds * sample_rate),).
    """
    return np.pad(samples, round(seconds * sample_rate))


def middle(samples: np.ndarray, seconds: float, sample_rate: int) -> np.ndarray:
    """Keep the middle of a recording: all of one that is no longer.

    Args:
        samples: float32 array of shape (n,).
        seconds: float > 0 [s].
        sample_rate: int [Hz].

    Returns:
        float32 array of shape (min(n, round(seconds * sample_rate)),).

    >>> middle(np.arange(6, dtype=np.float32), 0.5, 4).tolist()
    [2.0, 3.0]
    """
    count = round(seconds * sample_rate)
    start = max(0, (len(samples) - count) // 2)
    return samples[start : start + count]


def at_speed(samples: np.ndarray, speed: float, sample_rate: int) -> np.ndarray:
    """Play faster or slower, pitch and formants moving along.

    Args:
        samples: float32 array of shape (n,).
        speed: float > 0; 1.1 is a tenth faster and higher.
        sample_rate: int [Hz].

    Returns:
        float32 array of about n / speed samples.
    """
    result: np.ndarray = soxr.resample(samples, sample_rate * speed, sample_rate)
    return result
