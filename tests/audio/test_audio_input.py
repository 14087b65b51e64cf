"""The forms in which people have recordings, in every call that takes one."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser_core import EmotionRecognizer, LiveSession
from ser_core.audio import load_audio
from ser_core.audio.audio_input import expand_home, is_one_recording, plain_audio
from ser_core.audio.source import UntrustedPath
from ser_core.config.feature_config import Adaptation
from ser_core.errors import ArgumentError, AudioContentError, AudioError, AudioFileError
from tests.support.frame_models import write_frame_model
from tests.support.recordings import FIXTURES

CLIP = FIXTURES / "speech.flac"


class Tensor:
    """What other libraries' arrays have in common with NumPy's."""

    def __init__(self, values: np.ndarray, *, elsewhere: bool = False) -> None:
        self.values, self.ndim, self.elsewhere = values, values.ndim, elsewhere

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if self.elsewhere:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return self.values


class Decoder:
    """torchcodec's, as `datasets` gives it for an Audio column."""

    def get_all_samples(self) -> Any:
        values, rate = soundfile.read(CLIP, dtype="float32")

        class Samples:
            data, sample_rate = Tensor(values[np.newaxis]), rate

        return Samples()


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_is_read_as_the_array_in_it() -> None:
    samples = np.sin(np.arange(16_000, dtype=np.float32))
    for matrix in (np.matrix(samples), np.matrix(samples).T):
        np.testing.assert_array_equal(load_audio((16_000, matrix)), samples)


@pytest.fixture(scope="module")
def sound() -> tuple[int, np.ndarray]:
    values, rate = soundfile.read(CLIP, dtype="float32")
    return rate, values


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> EmotionRecognizer:
    adaptation = Adaptation(mean=(0.0,) * 8, prior_clips=3.0, least_clips=1)
    folder = write_frame_model(tmp_path_factory.mktemp("frames"), adaptation=adaptation)
    return EmotionRecognizer.from_pretrained(folder)


def forms(rate: int, array: np.ndarray) -> list[Any]:
    """One recording, in every form but those of a file."""
    return [
        (rate, array),
        (float(rate), array),
        (np.float32(rate), array),
        (np.array(rate), array),
        (rate, Tensor(array)),
        {"array": array, "sampling_rate": rate},
        {"raw": array, "sampling_rate": float(rate)},
        {"array": array, "sampling_rate": np.int64(rate), "path": "gone.wav", "bytes": None},
        {"bytes": CLIP.read_bytes(), "path": "gone.wav"},
        {"bytes": None, "path": str(CLIP)},
        {"path": CLIP},
        Decoder(),
    ]


def test_every_form_of_a_recording_gives_the_same_samples(sound: tuple[int, np.ndarray]) -> None:
    expected = load_audio(CLIP)
    for form in forms(*sound):
        np.testing.assert_array_equal(load_audio(form), expected, err_msg=repr(form)[:80])
        assert is_one_recording(form)


CALLS: dict[str, Callable[[EmotionRecognizer, Any], Any]] = {
    "call": lambda recognizer, audio: recognizer(audio),
    "predict": lambda recognizer, audio: recognizer.predict(audio),
    "predict_batch": lambda recognizer, audio: recognizer.predict_batch([audio]),
    "analyze": lambda recognizer, audio: recognizer.analyze(audio),
    "channels": lambda recognizer, audio: recognizer.analyze(audio, channels="auto"),
    "explain": lambda recognizer, audio: recognizer.explain(audio),
    "adapt": lambda recognizer, audio: repr(recognizer.adapt([audio, audio, audio])),
    "embed": lambda recognizer, audio: recognizer.embed(audio),
    "stream": lambda recognizer, audio: list(recognizer.stream([audio])),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_takes_dicts_and_float_rates(
    recognizer: EmotionRecognizer, sound: tuple[int, np.ndarray], name: str
) -> None:
    rate, array = sound
    call = CALLS[name]
    expected = call(recognizer, (rate, array))
    assert call(recognizer, {"array": array, "sampling_rate": rate}) == expected
    assert call(recognizer, {"raw": array, "sampling_rate": float(rate)}) == expected
    if name != "stream":
        assert call(recognizer, {"bytes": CLIP.read_bytes(), "path": None}) == expected


WRONG = [
    (lambda rate, array: (array, rate), r"got \(ndarray, int\); swap the two"),
    (lambda rate, array: (Tensor(array), rate), "swap the two"),
    (lambda rate, array: {"array": rate, "sampling_rate": array}, "swap the two"),
    (lambda rate, array: (16_000.5, array), "no whole number: .* got 16000.5"),
    (lambda rate, array: (float("nan"), array), "no whole number: .* got nan"),
    (lambda rate, array: (float("inf"), array), "no whole number"),
    (lambda rate, array: ("16000", array), "no whole number"),
    (lambda rate, array: array, "an array alone, which does not say its sample rate"),
    (lambda rate, array: Tensor(array), "an array alone"),
    (lambda rate, array: {"array": array}, "no sampling_rate"),
    (lambda rate, array: {"path": None, "bytes": None}, "holds no recording: .*'path', 'bytes'"),
    (lambda rate, array: {}, "holds no recording: expected .*, got nothing"),
    (lambda rate, array: {"path": 7}, "wrong type: .* got int"),
    (lambda rate, array: (rate, Tensor(array, elsewhere=True)), r"convert it, as with \.detach"),
]


@pytest.mark.parametrize(("make", "sentence"), WRONG)
def test_what_is_given_the_wrong_way_round_gets_the_right_sentence(
    recognizer: EmotionRecognizer,
    sound: tuple[int, np.ndarray],
    make: Callable[[int, np.ndarray], Any],
    sentence: str,
) -> None:
    given = make(*sound)
    for name, call in CALLS.items():
        if name == "stream" and isinstance(given, dict) and "path" in given:
            continue  # a path is no block of sound, and has a sentence of its own
        with pytest.raises(AudioContentError, match=sentence):
            call(recognizer, given)


class Column:
    """A table's column, as pandas has it."""

    def __init__(self, values: list[Any]) -> None:
        self.values = np.array(values, dtype=object)
        self.dtype, self.ndim = self.values.dtype, 1

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


def test_a_column_of_recordings_is_several(
    recognizer: EmotionRecognizer, sound: tuple[int, np.ndarray]
) -> None:
    paths = [str(CLIP), str(CLIP)]
    expected = list(recognizer.predict_batch(paths))
    for column in (Column(paths), np.array(paths), np.array(paths, dtype=object)):
        assert not is_one_recording(column)
        assert list(recognizer.predict_batch(column)) == expected
        assert recognizer(column) == recognizer(paths)
        assert recognizer.adapt(column).adapted_to == 2
        with pytest.raises(AudioContentError, match=r"wrong type: .* one recording at a time"):
            recognizer.embed(column)
    with pytest.raises(AudioContentError, match=r"wrong type: .* got list; .* one recording at"):
        recognizer.predict(paths)
    for numbers in (sound[1], Tensor(sound[1])):
        with pytest.raises(ArgumentError, match="takes a list of recordings, and got one"):
            recognizer.predict_batch(numbers)


ADDRESSES = [
    ("https://user:secret@host/a/clip.wav?token=secret", "clip.wav", "urllib.request.urlretrieve"),
    ("http:/host/clip.wav", "clip.wav", "urllib.request.urlretrieve"),  # of a pathlib.Path
    ("hf://datasets/user/name/clip.wav", "clip.wav", "huggingface_hub.hf_hub_download"),
    ("s3://bucket/clip.wav", "clip.wav", "fsspec.open"),
    ("file:///tmp/clip.wav", "clip.wav", "give its path alone"),
    ("https://host/?sig=secret", "https", "urllib.request.urlretrieve"),
]


@pytest.mark.parametrize(("address", "name", "advice"), ADDRESSES)
def test_an_address_is_told_from_a_path(
    recognizer: EmotionRecognizer, address: str, name: str, advice: str
) -> None:
    for call in list(CALLS.values())[:-1]:
        for given in (address, Path(address), {"path": address}):
            with pytest.raises(AudioFileError, match=f"^{name} is an address") as caught:
                call(recognizer, given)
            assert advice in str(caught.value)
            assert "secret" not in str(caught.value)


def test_a_file_with_a_colon_in_its_name_is_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "take:1.flac").write_bytes(CLIP.read_bytes())
    (tmp_path / "https:").mkdir()
    (tmp_path / "https:" / "clip.flac").write_bytes(CLIP.read_bytes())
    for name in ("take:1.flac", "https:/clip.flac"):
        assert len(load_audio(name))
    with pytest.raises(AudioFileError, match=r"^take:2\.flac does not exist"):
        load_audio("take:2.flac")


def test_a_tilde_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recognizer: EmotionRecognizer
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.flac").write_bytes(CLIP.read_bytes())
    expected = recognizer.predict(CLIP)
    for given in ("~/clip.flac", Path("~/clip.flac"), {"path": "~/clip.flac"}):
        assert recognizer.predict(given) == expected
    with pytest.raises(AudioFileError, match=r"^none\.wav does not exist"):
        load_audio("~/none.wav")
    (tmp_path / "~odd.flac").write_bytes(CLIP.read_bytes())
    assert expand_home("~odd.flac") == "~odd.flac"  # a file that is called so
    strangers = UntrustedPath("~/clip.flac")
    assert plain_audio(strangers) is strangers
    with pytest.raises(AudioFileError):
        load_audio(strangers)


def test_calling_a_recognizer_is_what_a_pipeline_does(recognizer: EmotionRecognizer) -> None:
    said = recognizer.predict(CLIP)
    answer = recognizer(CLIP)
    assert [(row["label"], row["score"]) for row in answer] == said.top(len(recognizer.labels))
    assert sum(row["score"] for row in answer) == pytest.approx(1.0)
    assert recognizer(str(CLIP), top_k=2) == answer[:2]
    assert recognizer(CLIP, top_k=99) == answer
    assert recognizer([CLIP, CLIP], top_k=1) == [answer[:1]] * 2
    assert recognizer(path for path in (CLIP,)) == [answer]
    assert recognizer([]) == []
    assert recognizer((16_000, np.zeros(16_000))) == []
    grouped = recognizer(CLIP, labels=["calm", "sad", "angry"], group={"bad": ["sad", "angry"]})
    assert {row["label"] for row in grouped} == {"calm", "bad"}


def test_calls_of_several_say_which_one_is_wrong(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(AudioFileError) as caught:
        recognizer([CLIP, "https://host/clip.wav"])
    assert caught.value.__notes__ == ["This was recording 1 of the batch."]
    for top_k in (0, -1, 1.5, "2", True):
        with pytest.raises(ArgumentError, match="top_k must be"):
            recognizer(CLIP, top_k=top_k)
    for nothing in (None, 7):
        with pytest.raises(AudioContentError, match="wrong type"):
            recognizer(nothing)


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        ("clip.wav", "str"),
        (CLIP, "PosixPath"),
        (b"RIFF", "bytes"),
        (io.BytesIO(), "BytesIO"),
        ({"path": "clip.wav"}, "dict"),
        ((16_000, np.zeros(9)), r"\(sample_rate, array\)"),
        ((np.zeros(9), 16_000), r"\(sample_rate, array\)"),
        (np.zeros(9), "ndarray"),
        (Decoder(), "Decoder"),
    ],
)
def test_one_recording_is_not_several(recognizer: EmotionRecognizer, one: Any, kind: str) -> None:
    for call in (recognizer.predict_batch, recognizer.adapt):
        with pytest.raises(ArgumentError, match=f"and got one {kind}: give"):
            call(one)


def test_two_paths_in_a_tuple_are_two_recordings(recognizer: EmotionRecognizer) -> None:
    assert len(recognizer.predict_batch((CLIP, CLIP))) == 2
    assert len(recognizer((os.fspath(CLIP), os.fspath(CLIP)))) == 2


def test_a_live_block_may_be_a_dict(
    recognizer: EmotionRecognizer, sound: tuple[int, np.ndarray]
) -> None:
    rate, array = sound
    session = LiveSession(recognizer)
    assert list(session.push({"array": array, "sampling_rate": rate}))
    with pytest.raises(AudioError, match="block of live sound is of a wrong type"):
        list(session.push("clip.wav"))
