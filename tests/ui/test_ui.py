"""What the tabs say: built from a model repository's files, without a server."""

import dataclasses
import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from html import unescape
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import soundfile

from ser_core import DEFAULT_MODEL, EmotionPrediction, EmotionRecognizer
from ser_core.config.emotions import LABELS
from ser_core.errors import ModelNotFoundError
from ser_core.model.repository import Repository
from ser_core.timeline.exports import FORMATS
from ser_core.timeline.live import LiveBlock, LiveMoment, LiveSession
from ser_core.ui.build import build_app, build_unavailable
from ser_core.ui.look import cards, text
from ser_core.ui.look.markup import percent
from ser_core.ui.page import Page
from ser_core.ui.server.uploads import MOST_CHUNKS, LiveChunks, UploadLedger
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import (
    answer,
    dataset_tab,
    glance,
    live_answer,
    live_tab,
    model_tab,
    predict_tab,
    river,
    timeline_answer,
    timeline_tab,
)
from ser_core.ui.tabs.listener import Listener
from ser_core.ui.words.languages import speaking
from tests.support.app import contents
from tests.support.recordings import call, conversation
from tests.support.timelines import make_timeline, read_cues, segment

FIXTURES = Path(__file__).parents[1] / "fixtures"
METRICS = json.loads((Path(DEFAULT_MODEL) / "metrics.json").read_text())
DATASET = json.loads((Path(DEFAULT_MODEL) / "dataset.json").read_text())
PROBABILITIES = dict(zip(LABELS, (0.05, 0.1, 0.4, 0.05, 0.2, 0.1, 0.05, 0.05), strict=True))
HAPPY = EmotionPrediction("emotion", "happy", 0.4, PROBABILITIES, None, 1.5, 2.0)
UNSURE = EmotionPrediction("uncertain", "happy", 0.4, PROBABILITIES, None, 1.5, 2.0)
SILENCE = EmotionPrediction("no_speech", None, 0.0, {}, None, 0.0, 3.0)


@pytest.fixture(scope="module")
def page(recognizer: EmotionRecognizer) -> Page:
    return Page(recognizer, Settings(), Repository.load(recognizer.directory))


def test_an_emotion_is_shown_with_its_probability_and_what_it_means() -> None:
    card = answer.answer_card(HAPPY)
    assert ">Happy</p>" in card
    assert "40.0% probability" in card
    assert "Bright and lively" in card
    assert "1.5 s of speech in a recording of 2.0 s" in card


def test_the_top_three_stand_in_descending_order_before_all_eight() -> None:
    card = answer.answer_card(HAPPY)
    top, rest = card.split(text.ALL)
    positions = [top.index(words) for words in ("<b>40.0%", "<b>20.0%", "<b>10.0%")]
    assert positions == sorted(positions)
    order = [rest.index(label.capitalize()) for label in LABELS]
    assert order == sorted(order)


def test_an_uncertain_answer_says_so_first() -> None:
    card = answer.answer_card(UNSURE)
    assert ">Perhaps happy</p>" in card
    assert "Not sure: 40.0% probability" in card
    assert ">Happy</p>" not in card


def test_without_speech_no_emotion_is_named() -> None:
    card = answer.answer_card(SILENCE)
    assert text.NO_SPEECH_TITLE in card
    assert "closer to the microphone" in card
    assert not any(label in card.lower() for label in LABELS)


def test_what_comes_from_outside_is_escaped() -> None:
    label = "<script>alert(1)</script>"
    card = answer.answer_card(
        EmotionPrediction("emotion", label, 1.0, {label: 1.0}, None, 1.0, 1.0)
    )
    assert "<script" not in card.lower()
    assert "<img" not in cards.failure_card("status", "<img src=x> is no audio")


def test_an_unusable_recording_replaces_the_answer_by_our_sentence(
    page: Page, tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(b"not audio at all" * 50)
    answers = predict_tab.answers(page, str(garbage))
    assert next(answers) == (cards.working_card("status"), None)
    ((shown, heard),) = answers
    assert heard is None
    assert text.FAILED_TITLE in shown
    assert "garbage.wav" in shown
    assert not any(label in shown.lower() for label in LABELS)


@pytest.mark.parametrize(
    ("path", "sentence"), [(None, text.NO_RECORDING), ("gone.wav", "no longer on the server")]
)
def test_no_recording_is_no_emotion(page: Page, path: str | None, sentence: str) -> None:
    _, (shown, heard) = predict_tab.answers(page, path)
    assert sentence in shown
    assert heard is None


def test_an_unforeseen_failure_does_not_leave_the_page_waiting() -> None:
    replaced = cards.unfinished("status")
    assert set(replaced) == {cards.waiting_card("status"), cards.working_card("status")}
    assert text.FAULT in unescape(replaced[cards.working_card("status")])
    assert text.BUSY in unescape(replaced[cards.waiting_card("status")])


def test_no_event_that_waits_for_nothing_shows_something_in_an_answers_place(page: Page) -> None:
    # What the server answers to such an event may come after the answer, and would replace it.
    demo, _ = build_app(page.recognizer, page.settings)
    on_server = [event for event in demo.fns.values() if event.fn is not None]
    places = {part for event in on_server if event.queue for part in event.outputs}
    shown = {
        part.elem_id
        for event in on_server
        if not event.queue
        for part in places.intersection(event.outputs)
        if not isinstance(part, gr.State)
    }
    # Live sound has one answer after the other; what they are told by is the visitor's state.
    assert shown == {"live-answer", "live-strip"}


def test_every_box_for_recordings_takes_what_no_browser_calls_audio(page: Page) -> None:
    demo, _ = build_app(page.recognizer, page.settings)
    boxes = {
        part.elem_id
        for part in demo.blocks.values()
        if isinstance(part, gr.File) or (isinstance(part, gr.Audio) and "upload" in part.sources)
    }
    assert {"recording", "compare-recordings"} < boxes
    # The script that lets them through goes by these ends.
    assert all(name.endswith(("recording", "recordings")) for name in boxes)


def test_the_model_tab_shows_the_repositorys_own_numbers(page: Page) -> None:
    metrics = page.repository.metrics
    figures = model_tab.figures(metrics)
    for name in ("accuracy", "uar", "macro_f1", "top3_accuracy", "ece"):
        assert percent(METRICS[name]) in figures
    assert f"{METRICS['nll']:.2f}" in figures
    assert percent(METRICS["accuracy_interval"][0]) in figures
    table = model_tab.per_class(metrics)
    for scores in METRICS["per_class"].values():
        assert percent(scores["f1"]) in table
    for accuracy in METRICS["selective_accuracy"].values():
        assert percent(accuracy) in model_tab.abstention(metrics)


def test_the_words_say_who_was_tested_and_what_follows(page: Page) -> None:
    words = glance.protocol_sentence(page.repository.metrics)
    assert "1,440 clips of 24 speakers" in words
    assert "trained without that speaker" in words
    assert "two English sentences" in words


def test_the_words_say_where_nobody_names_speakers(page: Page) -> None:
    note = "talks names no speakers."
    told = {"speakers": 0, "protocol": "random", "corpus": "talks", "notes": (note,)}
    words = glance.protocol_sentence(page.repository.metrics.model_copy(update=told))
    assert words == f"Measured on 1,440 clips, by the protocol random. {note}"


def test_the_network_is_counted_as_training_counted_it(page: Page) -> None:
    architecture = page.repository.architecture
    assert architecture.parameters == METRICS["parameters"]
    config = page.recognizer.config
    assert architecture.stages[0].output == (config.frames, config.features)
    outputs = {stage.name: stage.output for stage in architecture.stages[-2:]}
    assert outputs == {"emotion": (len(LABELS),), "intensity": (1,)}
    shown = model_tab.stages(architecture)
    assert f"{METRICS['parameters']:,}" in shown
    assert text.ARCHITECTURE_INTENSITY in shown


def test_features_and_training_are_the_repositorys(page: Page) -> None:
    steps = model_tab.feature_steps(page.recognizer.config)
    (block,) = page.recognizer.config.blocks
    assert f"{block.n_mels} bands, {block.fmin:g} to {block.fmax:,.0f} Hz" in steps
    assert "25 ms every 10 ms" in steps
    assert "{" not in steps
    shown = model_tab.training(page.repository.recipe)
    assert (
        tomllib.loads((Path(DEFAULT_MODEL) / "recipe.toml").read_text())["network"]["name"] in shown
    )
    assert "></td>" not in shown  # what the recipe does not use is left out
    assert "False" not in shown


def test_a_spread_is_shown_of_several_folds_alone(page: Page) -> None:
    rows = page.repository.comparison.rows
    shown = model_tab.comparison(page.repository.comparison)
    for row in rows:
        parts = (percent(row.accuracy_mean), "±", percent(row.accuracy_std))
        spread = "\N{NO-BREAK SPACE}".join(parts)
        assert (spread in shown) == (row.folds > 1)
    assert {1, 5} <= {row.folds for row in rows}


def test_the_dataset_tab_shows_counts_sources_and_every_emotion(page: Page) -> None:
    record = page.repository.dataset
    corpora = dataset_tab.corpora(record)
    sources = dataset_tab.sources(record)
    for corpus in DATASET["corpora"]:
        assert f"{corpus['clips']:,}" in corpora
        assert corpus["licence"] in sources
        assert corpus["citation"] in sources
    assert "24 (12 female, 12 male)" in corpora
    with speaking("es"):
        assert "24 (12 mujeres, 12 hombres)" in dataset_tab.corpora(record)
    assert ">60 each<" in corpora
    assert ">256 to 540<" in corpora
    emotions = dataset_tab.emotions(record)
    assert all(words in emotions for words in text.SOUNDS.values())


def test_pictures_hold_the_repositorys_numbers(page: Page) -> None:
    demo, _ = build_app(page.recognizer, page.settings)
    figures = [
        json.loads(block.value.plot) if hasattr(block.value, "plot") else block.value
        for block in demo.blocks.values()
        if isinstance(block, gr.Plot) and block.value is not None
    ]
    kinds = [json.dumps(figure, default=str) for figure in figures if figure is not None]
    # Confusion, reliability, speakers, then two pictures of each corpus.
    assert len(kinds) == 3 + 2 * len(DATASET["corpora"])
    assert f"({METRICS['confusion_matrix'][0][5]})" in kinds[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", None),
        ("metrics.json", "{"),
        ("metrics.json", '{"labels": 3}'),
        ("dataset.json", None),
        ("dataset.json", "[]"),
        ("recipe.toml", None),
        ("recipe.toml", "="),
    ],
)
def test_a_repository_without_a_file_still_has_a_page_that_says_so(
    tmp_path: Path, name: str, content: str | None
) -> None:
    directory = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, directory)
    (directory / name).unlink()
    if content is not None:
        (directory / name).write_text(content)
    demo, _ = build_app(EmotionRecognizer(directory), Settings())
    expected = text.FILE_MISSING if content is None else text.FILE_UNREADABLE
    assert expected.format(name=name, reason="")[:40] in contents(demo).replace("&#x27;", "'")


def test_recordings_of_the_page_are_swept_away_and_nothing_is_shared(page: Page) -> None:
    demo, launch_options = build_app(page.recognizer, page.settings)
    assert demo.delete_cache == (60, 600)
    assert f"after about {600 // 60} minutes" in contents(demo)
    assert launch_options["max_file_size"] == page.settings.max_bytes
    switches = ("share", "show_error", "run_history", "ssr_mode", "enable_monitoring")
    assert [launch_options[switch] for switch in switches] == [False] * 5
    assert "allowed_paths" not in launch_options


def test_the_page_does_not_tell_where_on_the_server_its_model_is(
    recognizer: EmotionRecognizer, tmp_path: Path
) -> None:
    directory = tmp_path / "my-model"
    shutil.copytree(DEFAULT_MODEL, directory)
    demo, _ = build_app(recognizer, Settings(model_id=str(directory)))
    assert "Model: my-model." in contents(demo)
    assert str(tmp_path) not in contents(demo)


def test_a_page_without_its_model_says_why() -> None:
    demo, _ = build_unavailable(ModelNotFoundError("There is no <model> here."), Settings())
    assert "There is no &lt;model&gt; here." in contents(demo)


def test_a_page_without_its_model_does_not_tell_where_it_was_looked_for() -> None:
    error = ModelNotFoundError("/srv/models/mine is not there.")
    demo, _ = build_unavailable(error, Settings(model_id="/srv/models/mine"))
    assert "mine is not there." in contents(demo)
    assert "/srv" not in contents(demo)


def test_a_page_with_a_model_of_the_hub_says_which_revision() -> None:
    recognizer = EmotionRecognizer(DEFAULT_MODEL, source="user/name", revision="abc123")
    demo, _ = build_app(recognizer, Settings(model_id="user/name", model_revision="v1"))
    assert "Model: user/name, revision abc123." in contents(demo)


def test_a_file_outside_the_upload_folder_is_never_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    mine = tmp_path / "mine.wav"
    mine.write_bytes(b"sound")
    UploadLedger().release(str(mine))
    UploadLedger().release("\0")
    assert mine.exists()


def test_live_answers_become_pieces_with_gaps_where_nobody_speaks() -> None:
    answers = [SILENCE, HAPPY, HAPPY, SILENCE, HAPPY, UNSURE]
    moments = [LiveMoment(0.5 * (k + 1), answer) for k, answer in enumerate(answers)]
    drawn = [(p.start, p.end, p.label, p.unsure) for p in live_answer.join_moments(moments, 0.5)]
    assert drawn == [
        (0.5, 1.5, "happy", False),
        (2.0, 2.5, "happy", False),
        (2.5, 3.0, "happy", True),
    ]


def test_live_state_is_bounded_and_shares_are_of_all_speech(recognizer: EmotionRecognizer) -> None:
    listener = Listener(LiveSession(recognizer))
    samples = np.tile(conversation((1.0,)), 20)
    for start in range(0, len(samples), 4_000):
        listener.push((16_000, samples[start : start + 4_000]))
    assert sum(listener.shares.values()) == pytest.approx(1.0)
    assert list(listener.shares) == list(LABELS)
    strip = live_answer.minute_strip(listener)
    assert strip.count("ser-lane-name") == len(LABELS)
    assert strip.count("ser-piece") <= 120
    assert "The last minute: " in strip
    assert text.LIVE_STOPPED_TITLE in live_answer.summary_card(listener)


@pytest.fixture
def chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Function that makes a chunk of live sound, with somebody speaking."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    def make() -> str:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        soundfile.write(folder / "audio.wav", conversation((1.0,)), 16_000)
        return str(folder / "audio.wav")

    return make


@pytest.mark.parametrize("acts", [["clear_shown"], ["end", "begin"]])
def test_sound_that_is_being_heard_undoes_neither_a_clear_nor_a_new_start(
    page: Page, chunk: Callable[[], str], monkeypatch: pytest.MonkeyPatch, acts: list[str]
) -> None:
    *_, state = live_tab.answer_chunks(page, chunk(), None, "visitor")
    push = state.session.push

    def push_and_act(block: LiveBlock) -> list[LiveMoment]:
        moments = list(push(block))
        *_, after = [getattr(live_tab, act)(page, state)[-1] for act in acts]
        assert after is state, "what is worked on puts the former one back"
        return moments

    monkeypatch.setattr(state.session, "push", push_and_act)
    assert live_tab.answer_chunks(page, chunk(), state, "visitor") == (gr.skip(), gr.skip(), state)
    assert not state.session.history
    assert not state.seconds
    shown, _, state = live_tab.answer_chunks(page, chunk(), state, "visitor")
    assert "data-live" in shown, "and it goes on listening"


def test_sound_that_is_being_heard_at_a_stop_changes_nothing_any_more(
    page: Page, chunk: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, _, state = live_tab.answer_chunks(page, chunk(), None, "visitor")
    assert "data-live" in shown
    push = state.session.push

    def push_and_stop(block: LiveBlock) -> list[LiveMoment]:
        moments = list(push(block))
        stopped, *_ = live_tab.end(page, state)
        assert moments
        assert text.LIVE_STOPPED_TITLE in stopped
        return moments

    monkeypatch.setattr(state.session, "push", push_and_stop)
    late, after = (live_tab.answer_chunks(page, chunk(), state, "visitor") for _ in range(2))
    for card, strip, same in (late, after):
        assert (card, strip) == (gr.skip(), gr.skip())
        assert same is state
    assert not state.session.history, "what was heard is kept"
    assert live_tab.end(page, state) == (gr.skip(), gr.skip(), state)
    cleared, _, same = live_tab.clear_shown(page, state)
    assert 'data-live="waiting"' in cleared
    assert same.over


def test_a_screen_reader_is_told_when_two_answers_agree(recognizer: EmotionRecognizer) -> None:
    listener = Listener(LiveSession(recognizer))
    told = [
        live_answer.live_card(listener).split("</p>")[0]
        for _ in range(10)
        if listener.push((16_000, np.zeros(4_000, np.float32)))
    ]
    assert text.LIVE_STARTING_TITLE in told[0]
    assert [text.LIVE_NO_SPEECH_TITLE in words for words in told[1:]] == [True] * 4


def test_live_chunks_that_were_passed_over_are_heard_in_order_and_never_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    paths = []
    for number in range(MOST_CHUNKS + 2):
        path = tmp_path / str(number) / "audio.wav"
        path.parent.mkdir()
        path.write_bytes(b"sound")
        paths.append(str(path))
    chunks = LiveChunks(UploadLedger())
    for path in paths:
        chunks.put("one", path)
    chunks.put("two", paths[-1])
    assert [Path(path).exists() for path in paths[:3]] == [False, False, True]
    assert chunks.take("one", paths[4]) == paths[2:5]
    assert chunks.take("one", "not there") == ["not there"]
    chunks.drop("one")
    assert chunks.take("two", paths[-1]) == [paths[-1]]
    assert [path for path in paths if Path(path).exists()] == paths[2:5]


def test_a_timeline_says_how_far_its_votes_can_be_trusted(recognizer: EmotionRecognizer) -> None:
    result = recognizer.analyze((16_000, conversation()))
    card, shown = timeline_answer.timeline_card(result), timeline_answer.details(result)
    low, high = result.dominance_interval
    assert f"between {100 * low:.0f}% and {100 * high:.0f}%" in shown
    # The headline, the bars and the files are of one definition: shares of the speech.
    first = max(result.distribution, key=result.distribution.__getitem__)
    assert text.TIMELINE_MOSTLY_TITLE.format(label=first) in card
    assert f"{100 * result.distribution[first]:.0f}% of the" in card
    assert shown.count("data-start") == 2 * len(result.segments)
    for share in result.distribution.values():
        assert percent(share) in shown


def test_a_river_is_of_the_probabilities_that_the_segments_come_from(
    recognizer: EmotionRecognizer,
) -> None:
    result = recognizer.analyze((16_000, np.tile(conversation(), 3)))
    times, shares = river.sample_shares(result)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    inside = 0
    for time, row in zip(times, shares, strict=True):
        for one in result.segments:
            if one.start + 0.5 < time < one.end - 0.5:
                inside += 1
                assert result.labels[int(row.argmax())] == one.label
    assert inside > 3
    drawn = river.draw_river(result)
    for stretch in result.speech:
        assert f"M{river.WIDTH * stretch[0] / result.duration:.1f} " in drawn
    for label in result.labels:
        assert f"--emotion:var(--ser-{label})" in drawn
    long = dataclasses.replace(
        result,
        answers=np.tile(result.answers, (300, 1)),
        bounds=np.concatenate([np.add(result.bounds, [90 * k, 90 * k, 0]) for k in range(300)]),
    )
    assert len(river.sample_shares(long)[0]) <= river.MOST_POINTS


def test_a_timeline_of_several_speakers_has_a_row_for_each(recognizer: EmotionRecognizer) -> None:
    samples = conversation((0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    result = recognizer.analyze((16_000, samples), speakers=3)
    shown = timeline_answer.details(result)
    assert list(result.by_speaker) == ["A", "B", "C"]
    *_, below = shown.split('<div class="ser-lanes-below">')
    rows = below.split('<div class="ser-lane"')[1:]
    for row, (name, voice) in zip(rows, result.by_speaker.items(), strict=True):
        own = [segment for segment in result.segments if segment.speaker == name]
        assert f"Speaker {name}" in row
        assert percent(voice.seconds / result.speech_seconds) in row
        starts = re.findall(r"--emotion:var\(--ser-(\w+)\)[^\"]*\" data-start=\"([\d.]+)\"", row)
        assert starts == [(segment.label, str(segment.start)) for segment in own]
        assert f"Speaker {name} {voice.seconds:.0f} s" in shown  # what a screen reader says
    assert f">{text.TIMELINE_WHO}</th>" in shown
    assert shown.count("data-start") == 3 * len(result.segments)


def test_a_call_has_a_row_for_each_channel(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, call(rounds=1), 16_000)
    result = page.analyze(str(path), speakers=2, channels="auto")
    assert result == page.analyze(str(path), channels="auto")
    assert list(result.by_speaker) == ["channel 1", "channel 2"]
    shown = timeline_answer.details(result)
    *_, below = shown.split('<div class="ser-lanes-below">')
    for row, name in zip(below.split('<div class="ser-lane"')[1:], result.by_speaker, strict=True):
        own = [segment for segment in result.segments if segment.speaker == name]
        assert name.capitalize() in row
        assert row.partition("ser-ticks")[0].count("data-start") == len(own)
    assert text.TIMELINE_CHANNELS_APART in shown
    assert text.TIMELINE_SPEAKERS_NOTE not in shown
    assert "Speaker channel" not in shown
    assert page.analyze(str(path), speakers=2, channels="separate").channels == "separate"


def test_nothing_is_said_of_speakers_that_nobody_asked_for(recognizer: EmotionRecognizer) -> None:
    shown = timeline_answer.details(recognizer.analyze((16_000, conversation())))
    assert "ser-lanes-below" not in shown
    assert "Speaker" not in shown


def test_a_timeline_without_speech_names_no_emotion(recognizer: EmotionRecognizer) -> None:
    result = recognizer.analyze((16_000, np.zeros(48_000, np.float32)))
    assert text.NO_SPEECH_TITLE in timeline_answer.timeline_card(result)
    assert not any(label in timeline_answer.timeline_card(result).lower() for label in LABELS)
    assert timeline_answer.details(result) == ""


def test_a_cut_recording_gets_a_timeline_and_a_sentence(page: Page, tmp_path: Path) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes((FIXTURES / "speech_female.wav").read_bytes()[:40_000])
    tab = timeline_tab.answers(page, str(cut), lambda _: None, lambda: False)
    assert next(tab)[0] == cards.working_card("timeline")
    card, *_ = next(tab)
    assert "cut.wav" in card
    assert 'data-timeline="done"' in card


def test_a_visitor_who_turns_away_gets_no_timeline(page: Page) -> None:
    tab = timeline_tab.answers(page, str(FIXTURES / "speech.flac"), lambda _: None, lambda: True)
    assert [shown[0] for shown in tab] == [cards.working_card("timeline")]


def test_files_of_a_timeline_lie_among_the_uploads_and_are_named_after_it(
    recognizer: EmotionRecognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    result = recognizer.analyze((16_000, conversation((1.0,))))
    buttons = timeline_tab.downloads(result, "../a <b> talk.wav")
    files = {path.name: path for path in tmp_path.rglob("*") if path.is_file()}
    expected = [form for form in FORMATS if form.name != "rttm"]  # nobody asked who speaks
    assert set(files) == {f"a b talk{form.ending}" for form in expected}
    assert [button.interactive for button in buttons] == [form in expected for form in FORMATS]
    assert files["a b talk.csv"].read_bytes().startswith(b"\xef\xbb\xbfstart,")
    (task,) = json.loads(files["a b talk.labelstudio.json"].read_text(encoding="utf-8"))
    assert task["data"]["audio"] == "/data/local-files/?d=a%20%3Cb%3E%20talk.wav"
    named = recognizer.analyze((16_000, conversation((1.0,))), speakers=2)
    assert all(button.interactive for button in timeline_tab.downloads(named, "talk.wav"))


def test_a_timeline_s_subtitles_are_what_gradio_s_players_take(tmp_path: Path) -> None:
    said = make_timeline(
        [
            segment(0.5, 1.234, "calm", speaker="A"),
            segment(3_661.25, 3_662.0, "sad", speaker="B", intensity=0.5, status="uncertain"),
        ]
    ).to_subtitles()
    audio = gr.Audio(subtitles=said)
    assert audio.subtitles == [
        {"start": 0.5, "end": 1.234, "text": "A: calm 75 %"},
        {"start": 3_661.25, "end": 3_662.0, "text": "B: perhaps sad 75 %, intensity 50 %"},
    ]
    video = gr.Video(subtitles=said)
    cues = read_cues(Path(video.subtitles["path"]))
    assert [times for times, _ in cues] == [(500, 1_234), (3_661_250, 3_662_000)]
    assert [text for _, text in cues] == [one["text"] for one in said]
