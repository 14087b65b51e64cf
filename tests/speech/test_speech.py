"""The speech gate: what is speech, what is not, where it is, and that blocks change nothing."""

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from ser_core import DEFAULT_MODEL
from ser_core.config import FeatureConfig
from ser_core.speech import gate as speech
from ser_core.speech import gate_stream
from ser_core.speech.gate import SpeechActivity, detect_speech, find_segments, speech_probability
from ser_core.speech.gate_stream import gate_mel
from ser_core.timeline.windows import speech_frames

RATE = 16_000  # [Hz]
FIXTURES = Path(__file__).parents[1] / "fixtures"
VOICES = ["speech_male.wav", "speech_female.wav", "speech_polish.wav"]
RAVDESS = Path(__file__).parents[3] / "shared" / "data" / "ravdess"
EMOSPEECH = RAVDESS.with_name("emospeech")


def gate(samples: np.ndarray) -> SpeechActivity:
    return detect_speech(gate_mel(samples.astype(np.float32)))


def read(file: Path) -> np.ndarray:
    samples, rate = soundfile.read(file, dtype="float32")
    return samples if rate == RATE else soxr.resample(samples, rate, RATE)


def at_level(samples: np.ndarray, dbfs: float) -> np.ndarray:
    return samples * 10 ** (dbfs / 20) / np.sqrt(np.mean(samples**2))


def coloured(rng: np.random.Generator, n: int, slope: float) -> np.ndarray:
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.maximum(np.arange(len(spectrum)) * RATE / n, 20.0)
    return np.fft.irfft(spectrum * frequency ** (-slope / 2), n)


def harmonic(f0: float, count: int, t: np.ndarray) -> np.ndarray:
    return sum(np.sin(2 * np.pi * f0 * k * t) / k for k in range(1, count + 1))


def nonspeech(kind: str, seed: int) -> np.ndarray:
    """Three seconds of a sound that is not speech."""
    rng = np.random.default_rng(seed)
    n = 3 * RATE
    t = np.arange(n) / RATE
    clicks = np.zeros(n)
    if kind == "room tone":
        return coloured(rng, n, 1.5) + 0.05 * harmonic(50.0, 5, t)
    if kind in ("white noise", "pink noise", "brown noise"):
        return coloured(rng, n, {"w": 0.0, "p": 1.0, "b": 2.0}[kind[0]])
    if kind == "pure tone":
        return np.sin(2 * np.pi * np.exp(rng.uniform(np.log(60), np.log(7000))) * t)
    if kind == "mains hum":
        return harmonic(rng.choice([50.0, 60.0]), int(rng.integers(1, 20)), t)
    if kind == "single click":
        clicks[int(rng.integers(1000, n - 1000))] = 1.0
        return clicks
    if kind == "click train":
        clicks[:: int(RATE / rng.uniform(1, 40))] = 1.0
        return clicks
    if kind == "modulated noise":
        return coloured(rng, n, 1.0) * (1 + np.sin(2 * np.pi * rng.uniform(2, 8) * t))
    if kind == "siren":
        sweep = np.sin(2 * np.pi * rng.uniform(0.3, 2) * t)
        return np.sin(2 * np.pi * np.cumsum(900 * 2 ** (0.5 * sweep)) / RATE)
    if kind == "bell":
        partials = rng.uniform(400, 5000, 6)
        return sum(np.exp(-t / rng.uniform(0.2, 1)) * np.sin(2 * np.pi * f * t) for f in partials)
    raise ValueError(kind)


KINDS = [
    "room tone", "white noise", "pink noise", "brown noise", "pure tone", "mains hum",
    "single click", "click train", "modulated noise", "siren", "bell",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_sounds_that_are_not_speech_are_not_called_speech(kind, seed):
    sound = nonspeech(kind, seed)
    for dbfs in (-50.0, -30.0, -12.0):
        assert not gate(np.clip(at_level(sound, dbfs), -1, 1)).has_speech


@pytest.mark.parametrize("n", [0, 1, 100, 16_000, 48_000])
def test_digital_silence_is_no_speech_at_any_length(n):
    activity = gate(np.zeros(n))
    assert activity.segments == ()
    assert activity.speech_seconds == 0.0
    assert not activity.has_speech


def test_a_flickering_last_bit_is_no_speech():
    rng = np.random.default_rng(0)
    assert not gate(np.round(rng.uniform(-1, 1, 48_000)) / 32768).has_speech


@pytest.mark.parametrize("voice", VOICES)
def test_speech_is_found(voice):
    samples = read(FIXTURES / voice)
    activity = gate(samples)
    assert activity.has_speech
    assert activity.speech_seconds > 0.6 * len(samples) / RATE


@pytest.mark.parametrize("dbfs", [-10.0, -25.0, -40.0, -50.0])
@pytest.mark.parametrize("voice", VOICES)
def test_the_level_does_not_matter(voice, dbfs):
    samples = read(FIXTURES / voice)
    quiet = np.round(np.clip(at_level(samples, dbfs), -1, 1) * 32767) / 32767
    assert gate(quiet).speech_seconds == pytest.approx(gate(samples).speech_seconds, rel=0.25)


@pytest.mark.parametrize("slope", [0.0, 1.0], ids=["white", "pink"])
@pytest.mark.parametrize("voice", VOICES)
def test_speech_is_found_in_noise_at_10_db(voice, slope):
    samples = read(FIXTURES / voice)
    noise = coloured(np.random.default_rng(7), len(samples), slope)
    level = 20 * np.log10(np.sqrt(np.mean(samples**2)))
    assert gate(samples + at_level(noise, level - 10)).has_speech


@pytest.mark.parametrize("voice", VOICES)
def test_segments_lie_where_the_speech_is(voice):
    samples = read(FIXTURES / voice)
    padded = np.concatenate([np.zeros(2 * RATE), samples, np.zeros(3 * RATE)])
    activity = gate(padded)
    sound = np.flatnonzero(np.abs(samples) > 0.02) / RATE + 2.0
    assert activity.segments[0][0] == pytest.approx(sound[0], abs=0.2)
    assert activity.segments[-1][1] == pytest.approx(sound[-1], abs=0.3)
    assert activity.duration == pytest.approx(len(padded) / RATE, abs=0.01)


def test_two_utterances_far_apart_are_two_segments():
    voice = read(FIXTURES / VOICES[0])
    activity = gate(np.concatenate([voice, np.zeros(2 * RATE), voice]))
    gaps = [b[0] - a[1] for a, b in zip(activity.segments, activity.segments[1:], strict=False)]
    assert max(gaps) == pytest.approx(2.0, abs=0.5)


@pytest.mark.parametrize("block", [200, 502, 1000])
def test_blocks_with_context_give_what_the_whole_gives(block):
    rng = np.random.default_rng(3)
    voices = [read(FIXTURES / voice) for voice in VOICES]
    parts = [part for voice in voices for part in (voice, 0.01 * rng.standard_normal(30_000))]
    mel = gate_mel(np.concatenate(parts).astype(np.float32))
    whole = speech_probability(mel)
    for start in range(0, len(mel), block):
        first = max(0, start - speech.CONTEXT)
        part = speech_probability(mel[first : start + block + speech.CONTEXT])
        part = part[start - first : start - first + block]
        np.testing.assert_allclose(part, whole[start : start + block], atol=1e-5)


def test_a_long_recording_is_computed_in_blocks_without_a_seam(monkeypatch):
    samples = np.concatenate([read(FIXTURES / voice) for voice in VOICES])
    mel = gate_mel(samples)
    whole = speech_probability(mel)
    monkeypatch.setattr(speech, "BLOCK", 128)
    np.testing.assert_allclose(speech_probability(mel), whole, atol=1e-5)


def test_far_away_sound_changes_nothing():
    voice = read(FIXTURES / VOICES[0])
    lead = 4 * RATE
    quiet = np.concatenate([np.zeros(lead), voice])
    loud = quiet.copy()
    loud[:RATE] = np.random.default_rng(0).standard_normal(RATE)
    first, second = (speech_probability(gate_mel(x.astype(np.float32))) for x in (quiet, loud))
    np.testing.assert_array_equal(first[lead // 160 :], second[lead // 160 :])


def test_the_embedded_models_frames_serve_the_gate_as_well(monkeypatch):
    config = FeatureConfig.load(DEFAULT_MODEL)
    samples = read(FIXTURES / VOICES[1])
    alone = gate(samples)

    def fail(*args: object, **kwargs: object) -> None:
        raise AssertionError("a second spectrogram was computed")

    monkeypatch.setattr(gate_stream, "mel_spectrogram", fail)
    activity, frames, _ = speech_frames(samples, config)
    assert activity.segments == alone.segments
    assert activity.has_speech
    assert frames.shape[1] == speech.BANDS


def test_many_threads_at_once_agree():
    mels = [gate_mel(read(FIXTURES / voice)) for voice in VOICES] * 20
    alone = [speech_probability(mel) for mel in mels]
    speech.load_weights.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(speech_probability, mels))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_probability_a_frame_for_odd_and_even_lengths():
    mel = gate_mel(read(FIXTURES / VOICES[0]))
    for frames in (0, 1, 2, 100, 101):
        answer = speech_probability(mel[:frames])
        assert answer.shape == (frames,)
        assert answer.dtype == np.float32
        assert np.all((answer >= 0) & (answer <= 1))


def test_the_wrong_number_of_bands_is_refused_with_the_shape_received():
    with pytest.raises(ValueError, match=r"\(10, 40\)"):
        speech_probability(np.zeros((10, 40), dtype=np.float32))


def test_thresholds_and_pauses_decide_the_segments():
    probability = np.repeat([0.0, 0.9, 0.0, 0.9, 0.0, 0.6], [50, 40, 10, 40, 50, 11])
    activity = find_segments(probability, threshold=0.7, min_speech=1.0, max_gap=0.15)
    assert activity.segments == ((0.5, 1.4),)
    assert activity.speech_seconds == pytest.approx(0.9)
    assert not activity.has_speech
    assert find_segments(probability, threshold=0.7, min_speech=0.9, max_gap=0.15).has_speech
    assert len(find_segments(probability, threshold=0.7, max_gap=0.05).segments) == 2
    assert find_segments(probability, threshold=0.5, max_gap=0.15).segments[-1] == (1.9, 2.0)


def test_the_result_is_frozen():
    with pytest.raises(FrozenInstanceError):
        find_segments(np.zeros(10)).duration = 3.0


def test_the_weights_are_small_and_need_no_pickle():
    assert speech.WEIGHTS_FILE.stat().st_size < 150_000
    with np.load(speech.WEIGHTS_FILE, allow_pickle=False) as stored:
        assert all(np.isfinite(stored[name]).all() for name in stored.files)


@pytest.mark.skipif(not RAVDESS.exists(), reason="needs RAVDESS in ../shared/data/ravdess")
def test_ravdess_clips_of_actors_not_trained_on_have_speech():
    files = sorted(f for actor in range(17, 25) for f in RAVDESS.glob(f"Actor_{actor}/*"))[::8]
    missed = [file.name for file in files if not gate(read(file)).has_speech]
    assert len(missed) <= 1, missed


def rumble(n: int) -> np.ndarray:
    """Noise between 5 and 45 Hz, of unit root mean square."""
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(n))
    frequency = np.arange(len(spectrum)) * RATE / n
    noise = np.fft.irfft(spectrum * ((frequency > 5) & (frequency < 45)), n)
    return noise / np.sqrt(np.mean(noise**2))


DISTURBANCES = {
    "offset": lambda x, t: x + 0.02,
    "offset downwards": lambda x, t: x - 0.02,
    "a wave of 30 Hz": lambda x, t: x + 0.1 * np.sin(2 * np.pi * 30 * t),
    "a wave of 55 Hz": lambda x, t: x + 0.02 * np.sin(2 * np.pi * 55 * t),
    "rumble": lambda x, t: x + 0.05 * rumble(len(x)),
    "hum": lambda x, t: x + 0.1 * np.sqrt(np.mean(x**2)) * harmonic(50.0, 10, t),
}


@pytest.mark.parametrize("disturbance", DISTURBANCES)
@pytest.mark.parametrize("dbfs", [-20.0, -35.0])
@pytest.mark.parametrize("voice", VOICES)
def test_offset_rumble_and_hum_change_nothing_of_what_is_found(voice, dbfs, disturbance):
    samples = at_level(read(FIXTURES / voice), dbfs)
    padded = np.concatenate([np.zeros(RATE // 2), samples, np.zeros(RATE // 2)])
    disturbed = DISTURBANCES[disturbance](padded, np.arange(len(padded)) / RATE)
    clean, found = gate(padded), gate(disturbed)
    assert found.has_speech
    assert found.speech_seconds == pytest.approx(clean.speech_seconds, rel=0.12)


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_offset_rumble_and_hum_are_no_speech_themselves(disturbance):
    faint = 1e-4 * np.random.default_rng(0).standard_normal(3 * RATE)
    disturbed = DISTURBANCES[disturbance](faint, np.arange(len(faint)) / RATE)
    assert not gate(disturbed).has_speech


def test_an_offset_is_removed_to_rounding():
    samples = read(FIXTURES / VOICES[0])
    inside = slice(2, -2)  # where a frame reaches beyond an end, the offset is a step
    clean, shifted = gate_mel(samples)[inside], gate_mel(samples + np.float32(0.02))[inside]
    np.testing.assert_allclose(shifted, clean, rtol=1e-2, atol=1e-7)


@pytest.mark.parametrize("seconds", [0.4, 0.6, 0.8, 1.2])
@pytest.mark.parametrize("voice", VOICES)
def test_a_word_cut_out_is_speech(voice, seconds):
    samples = read(FIXTURES / voice)
    segment = gate(samples).segments[0]
    middle = round(sum(segment) / 2 * RATE)
    half = round(seconds / 2 * RATE)
    assert gate(samples[max(0, middle - half) : middle + half]).has_speech


@pytest.mark.skipif(not EMOSPEECH.exists(), reason="needs EmoSpeech in ../shared/data/emospeech")
def test_single_words_of_streets_not_trained_on_are_found():
    with (EMOSPEECH / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        files = [row["file_name"] for row in csv.DictReader(lines) if row["place"] == "Roads"]
    found = [gate(read(EMOSPEECH / file)).has_speech for file in files[::12]]
    assert np.mean(found) >= 0.8  # in a sixth of them the teacher itself finds no word
