"""Settings: the environment in, validated limits out, and one sentence for what is wrong."""

import pytest

from ser_core import DEFAULT_MODEL
from ser_core.errors import ConfigError
from ser_core.ui.settings import Settings


def test_an_empty_environment_gives_the_embedded_model_and_the_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings.model_id == DEFAULT_MODEL
    assert settings.embedded
    assert (settings.max_seconds, settings.max_megabytes) == (60.0, 50)
    assert settings.max_timeline_seconds == 3_600.0
    assert (settings.live_visitors, settings.live_seconds) == (8, 300.0)
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "SER_MODEL_ID": "someone/something",
            "SER_MODEL_REVISION": "abc123",
            "SER_MAX_SECONDS": "12.5",
            "SER_MAX_MEGABYTES": "3",
            "SER_QUEUE": "7",
            "SER_CONCURRENCY": "4",
            "SER_MAX_TIMELINE_SECONDS": "1800",
            "SER_LIVE_VISITORS": "3",
            "SER_LIVE_SECONDS": "90",
            "SER_MCP": "0",
            "SER_AUTH": "ann:secret",
            "SER_FEEDBACK_REPO": "someone/voices",
            "GRADIO_SERVER_NAME": "0.0.0.0",
            "GRADIO_SERVER_PORT": "8000",
            "GRADIO_ROOT_PATH": "/emotion",
            "PATH": "/usr/bin",
        }
    )
    assert settings == Settings(
        model_id="someone/something",
        model_revision="abc123",
        max_seconds=12.5,
        max_megabytes=3,
        queue=7,
        concurrency=4,
        max_timeline_seconds=1_800,
        live_visitors=3,
        live_seconds=90,
        mcp=False,
        auth=(("ann", "secret"),),
        feedback_repo="someone/voices",
        host="0.0.0.0",
        port=8000,
        root_path="/emotion",
    )
    assert settings.max_bytes == 3_000_000
    assert not settings.embedded


def test_an_empty_value_counts_as_not_set() -> None:
    environment = {"SER_MODEL_ID": "", "SER_MODEL_REVISION": " "}
    assert Settings.from_environment(environment) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SER_MAX_SECONDS", "long"),
        ("SER_MAX_SECONDS", "0"),
        ("SER_MAX_SECONDS", "601"),
        ("SER_MAX_SECONDS", "nan"),
        ("SER_MAX_MEGABYTES", "-1"),
        ("SER_MAX_MEGABYTES", "2.5"),
        ("SER_QUEUE", "0"),
        ("SER_CONCURRENCY", "many"),
        ("SER_MAX_TIMELINE_SECONDS", "0"),
        ("SER_LIVE_VISITORS", "0"),
        ("SER_LIVE_SECONDS", "inf"),
        ("SER_MCP", "perhaps"),
        ("GRADIO_SERVER_PORT", "70000"),
        ("GRADIO_ROOT_PATH", "emotion"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is '{value}'") as caught:
        Settings.from_environment({name: value})
    assert "\n" not in str(caught.value)


def test_tools_need_a_package_and_say_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ser_core.ui.settings.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"SER_MCP: the package mcp is not installed; run pip"):
        Settings.from_environment({"SER_MCP": "1"})
    monkeypatch.setattr("ser_core.ui.settings.find_spec", lambda name: object())
    assert Settings.from_environment({"SER_MCP": "1"}).mcp
    assert not Settings().mcp


def test_logins_are_read_and_never_shown() -> None:
    settings = Settings.from_environment({"SER_AUTH": "ann:se:cret, bob:pa ss"})
    assert settings.auth == (("ann", "se:cret"), ("bob", "pa ss"))
    assert "cret" not in f"{settings!r} {settings}"
    assert Settings.from_environment({"SER_AUTH": ""}).auth == ()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("hush-hush", "number 1 has no password"),
        ("ann:hush-hush,", "number 2 has no password"),
        ("ann:hush-hush,bob:", "number 2 has no password"),
        (":hush-hush", "number 1 has no name"),
        ("ann:hush-hush,ann:other", "one of the names is there twice"),
    ],
)
def test_a_wrong_login_is_one_sentence_without_a_password(value: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"SER_AUTH: .*{sentence}") as caught:
        Settings.from_environment({"SER_AUTH": value})
    assert "hush" not in str(caught.value)


def test_a_login_that_tools_would_go_around_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ser_core.ui.settings.find_spec", lambda name: object())
    with pytest.raises(ConfigError, match="SER_AUTH and SER_MCP cannot both be set") as caught:
        Settings.from_environment({"SER_AUTH": "ann:hush-hush", "SER_MCP": "1"})
    assert "hush" not in str(caught.value)


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(ConfigError, match="SER_MAX_SECOND is unknown: expected one of SER_A"):
        Settings.from_environment({"SER_MAX_SECOND": "5"})
