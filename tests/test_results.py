"""Results and errors travel: every class there is pickles, copies, compares and prints itself."""

import copy
import dataclasses
import inspect
import json
import pickle
import shutil
import subprocess
import sys
import typing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

import ser_core
from ser_core import DEFAULT_MODEL, EmotionRecognizer, EmotionTimeline, LiveSession
from ser_core.errors import ArgumentError, SpeechEmotionError, check_number
from ser_core.model import origin
from ser_core.model.files import copy_files
from ser_core.results import FrozenMapping, Result
from tests.support.public_classes import error_classes, make_error, make_result, result_classes
from tests.support.recordings import conversation
from tests.support.tiny_models import write_tiny_model

ROOT = Path(__file__).parents[1]
RESULTS, ERRORS = result_classes(), error_classes()


@pytest.fixture
def recording(fixtures: Path) -> Path:
    return fixtures / "speech_male.wav"


@pytest.fixture(params=RESULTS, ids=lambda cls: cls.__name__)
def result(request: pytest.FixtureRequest) -> Result:
    return make_result(request.param)


def test_there_are_results_and_errors_of_both_packages() -> None:
    assert len(RESULTS) >= 10
    assert {cls.__module__.split(".")[0] for cls in ERRORS} == {"ser_core", "train"}


def test_a_result_survives_pickle_and_copies(result: Result) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(result, protocol)) == result
    for again in (copy.copy(result), copy.deepcopy(result), dataclasses.replace(result)):
        assert again == result
        assert hash(again) == hash(result)
        assert len({again, result}) == 1


def test_a_result_differs_where_any_field_does(result: Result) -> None:
    for field in dataclasses.fields(result):
        other = dataclasses.replace(result, **{field.name: "another"})
        assert other != result
    assert result != "another"


def test_a_result_turns_into_plain_types(result: Result) -> None:
    plain = dataclasses.asdict(result)
    assert list(plain) == [field.name for field in dataclasses.fields(result)]
    assert json.loads(json.dumps(result.to_dict())) is not None


def test_a_result_prints_itself_in_few_lines(result: Result) -> None:
    text = repr(result)
    assert text.startswith(f"{type(result).__name__}(")
    assert len(text.splitlines()) < 10
    assert max(map(len, text.splitlines())) <= 100
    assert str(result)
    html = result._repr_html_()
    assert html.startswith("<div>")
    assert html.count("<tr>") >= 1
    assert "<script>" not in html


def test_a_result_takes_no_writes(result: Result) -> None:
    for field in dataclasses.fields(result):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, field.name, None)
        value = getattr(result, field.name)
        if isinstance(value, dict):
            refuses_writes(value)
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                value[0] = 0.0
            assert not pickle.loads(pickle.dumps(result)).__dict__[field.name].flags.writeable


def refuses_writes(mapping: dict) -> None:
    before = dict(mapping)
    key = next(iter(mapping))
    for write in (
        lambda: mapping.__setitem__(key, 0),
        lambda: mapping.__delitem__(key),
        lambda: mapping.update({key: 0}),
        lambda: mapping.setdefault("more", 0),
        lambda: mapping.pop(key),
        lambda: mapping.popitem(),
        lambda: mapping.clear(),
        lambda: mapping.__ior__({key: 0}),
    ):
        with pytest.raises(TypeError, match="read-only"):
            write()
    assert mapping == before


def test_what_is_in_a_result_is_not_the_caller_s_to_change() -> None:
    labels, array = {"sad": 1.0}, np.array([0.5])
    frozen = dataclasses.replace(make_result(EmotionTimeline), votes=labels, answers=array)
    labels["sad"], array[0] = 0.0, 0.0
    assert frozen.votes == {"sad": 1.0}
    assert frozen.answers[0] == 0.5


def test_a_frozen_mapping_is_a_dict_to_all_that_reads() -> None:
    mapping = FrozenMapping({"sad": 0.25, "calm": 0.75})
    assert json.dumps(mapping) == '{"sad": 0.25, "calm": 0.75}'
    assert hash(mapping) == hash(FrozenMapping({"calm": 0.75, "sad": 0.25}))
    assert (mapping | {"sad": 1.0}) == {"sad": 1.0, "calm": 0.75}
    assert copy.deepcopy(mapping) == pickle.loads(pickle.dumps(mapping)) == dict(mapping)


def test_all_that_the_verbs_return_is_a_result() -> None:
    allowed = {EmotionRecognizer, typing.Self, str, float, list, tuple, type(None)}
    for name, method in inspect.getmembers(EmotionRecognizer, inspect.isfunction):
        if name.startswith("_") or not method.__module__.startswith("ser_core"):
            continue
        kind = typing.get_type_hints(method)["return"]
        for one in (kind, *typing.get_args(kind)):
            cls = typing.get_origin(one) or one
            known = cls in allowed or cls.__module__ in ("collections.abc", "types")
            assert known or issubclass(cls, Result), (name, one)


def test_a_real_timeline_travels_and_prints_itself_in_few_lines(
    recognizer: EmotionRecognizer,
) -> None:
    timeline = recognizer.analyze((16_000, np.tile(conversation(), 4)), speakers=2)
    assert timeline.segments
    again = pickle.loads(pickle.dumps(timeline))
    assert again == timeline == copy.deepcopy(timeline)
    assert hash(again) == hash(timeline)
    assert again.to_json() == timeline.to_json()
    assert len(repr(timeline).splitlines()) < 10
    assert dataclasses.asdict(timeline)["votes"] == timeline.votes
    assert timeline._repr_html_().count("<tr>") <= 21
    for mapping in (timeline.distribution, timeline.votes, timeline.by_speaker):
        refuses_writes(mapping)
    refuses_writes(
        next(window for window in timeline.windows if window.probabilities).probabilities
    )


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_an_error_survives_pickle_and_copies(cls: type[SpeechEmotionError]) -> None:
    error = make_error(cls)
    error.add_note("This was recording 3 of the batch.")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is cls
        assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
    builtin = [base for base in cls.__mro__ if base.__module__ == "builtins"]
    assert cls is SpeechEmotionError or builtin[0] is not Exception, "also a built-in kind"


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_all_of_it_goes_through_pools_of_processes(
    method: str, recording: Path, tmp_path: Path
) -> None:
    samples, rate = soundfile.read(recording, dtype="int16")
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, samples, rate)
    cut.write_bytes(cut.read_bytes()[: -len(samples)])
    command = [sys.executable, "-m", "tests.support.process_pools", method, recording, cut]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all came back\n"


def test_a_recognizer_comes_back_without_its_network_and_loads_it_when_asked(
    recognizer: EmotionRecognizer, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = pickle.dumps(recognizer)
    assert len(content) < 2_000
    loads = []
    load = origin.load_model
    monkeypatch.setattr(origin, "load_model", lambda *given: loads.append(given) or load(*given))
    again, more = pickle.loads(content), pickle.loads(content)
    assert "not loaded yet" in repr(again)
    assert loads == []
    assert again.predict(recording) == more.predict(recording) == recognizer.predict(recording)
    assert len(loads) == 1  # one process loads the same files once
    assert (again.source, again.revision, again.directory) == (
        DEFAULT_MODEL,
        None,
        Path(DEFAULT_MODEL),
    )
    assert repr(again) == repr(recognizer)


def test_a_recognizer_comes_back_in_its_form_and_for_its_voice(recording: Path) -> None:
    small = EmotionRecognizer.from_pretrained(DEFAULT_MODEL, form="int8")
    adapted = small.adapt([recording] * 3)
    again = pickle.loads(pickle.dumps(adapted))
    assert again.adapted_to == 3
    assert again.predict(recording) == adapted.predict(recording)
    assert again.predict(recording) != small.predict(recording)
    shallow = copy.copy(adapted)
    assert shallow.predict(recording) == adapted.predict(recording)
    assert copy.deepcopy(adapted).predict(recording) == adapted.predict(recording)


def test_a_folder_is_found_from_elsewhere_and_another_model_in_it_is_seen(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DEFAULT_MODEL, tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    recognizer = EmotionRecognizer.from_pretrained("here")
    content = pickle.dumps(recognizer)
    monkeypatch.chdir("/")
    first = pickle.loads(content).predict(recording)
    assert first == recognizer.predict(recording)
    copy_files(write_tiny_model(tmp_path / "other"), tmp_path / "here")
    assert pickle.loads(content).predict(recording) != first


def test_a_live_session_goes_on_after_a_pickle(recognizer: EmotionRecognizer) -> None:
    samples = conversation((0.5, 0.5))
    session = LiveSession(recognizer)
    list(session.push((16_000, samples[:20_000])))
    again = pickle.loads(pickle.dumps(session))
    assert list(again.push((16_000, samples[20_000:]))) == list(
        session.push((16_000, samples[20_000:]))
    )
    assert again.history == session.history


@pytest.mark.parametrize("name", ser_core.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(ser_core, name)
    if inspect.isclass(value):
        assert value.__doc__
        assert pickle.loads(pickle.dumps(value)) is value


def test_public_values_pickle_too() -> None:
    config = EmotionRecognizer.from_pretrained(DEFAULT_MODEL).config
    for value in (ser_core.EMOTIONS, ser_core.LABELS, config):
        assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)


ONE_RECORDING = ["clip.wav", Path("clip.wav"), b"RIFF", (16_000, np.zeros(16_000)), np.zeros(9), 3]


@pytest.mark.parametrize("one", ONE_RECORDING, ids=lambda one: type(one).__name__)
def test_one_recording_where_several_are_taken_is_said_so(
    recognizer: EmotionRecognizer, one: object
) -> None:
    for call in (recognizer.predict_batch, recognizer.adapt, recognizer.stream):
        with pytest.raises(ArgumentError, match=f"^{call.__name__} takes a list of .* got one"):
            call(one)


CALLS = {
    "window": lambda r, a: r.analyze(a, window=0),
    "hop": lambda r, a: r.analyze(a, hop="2"),
    "threads": lambda r, a: r.analyze(a, threads=1.5),
    "speakers": lambda r, a: r.analyze(a, speakers=0),
    "smoothing": lambda r, a: r.analyze(a, smoothing="median"),
    "max_seconds": lambda r, a: r.analyze(a, max_seconds=-1),
    "max_seconds of predict": lambda r, a: r.predict(a, max_seconds=0),
    "max_seconds of explain": lambda r, a: r.explain(a, max_seconds=float("nan")),
    "max_seconds of predict_batch": lambda r, a: r.predict_batch([a], max_seconds="10"),
    "max_seconds of adapt": lambda r, a: r.adapt([a], max_seconds=0),
    "hop of stream": lambda r, a: r.stream([a], hop=0.001),
    "window of stream": lambda r, a: r.stream([a], window=1_000),
    "hop of LiveSession": lambda r, a: LiveSession(r, hop=True),
    "k": lambda r, a: r.predict(a).top(-1),
    "form": lambda r, a: EmotionRecognizer.from_pretrained("user/never-asked-for", form="int4"),
    "from_pretrained": lambda r, a: EmotionRecognizer.from_pretrained(3),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_argument_raises_at_the_call_one_of_the_family(
    recognizer: EmotionRecognizer, name: str
) -> None:
    audio = (16_000, conversation((0.1,)))
    with pytest.raises(ArgumentError, match=f"^{name.split()[0]} ") as caught:
        CALLS[name](recognizer, audio)
    assert isinstance(caught.value, SpeechEmotionError)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "value", "wanted"),
    [
        ({"least": 1, "most": 6, "whole": True}, 7, "a whole number from 1 to 6"),
        ({"least": 0.1, "unit": "s"}, 0.0, "at least 0.1 s"),
        ({"above": 0}, float("inf"), "a positive number"),
        ({}, None, "a finite number"),
    ],
)
def test_the_range_of_a_number_is_said(options: dict, value: object, wanted: str) -> None:
    with pytest.raises(ArgumentError, match=f"^it must be {wanted}, got {value}"):
        check_number("it", value, **options)


def test_threads_that_share_an_unpickled_recognizer_agree(
    recognizer: EmotionRecognizer, recording: Path
) -> None:
    again = pickle.loads(pickle.dumps(recognizer))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(again.predict, [recording] * 8))
    assert answers == answers[:1] * 8
