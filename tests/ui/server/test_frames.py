"""Whose pages may frame this one: the settings say, a Space is open, a login closes it."""

import gradio as gr
import pytest

from ser_core.errors import ConfigError
from ser_core.ui.build import _gates
from ser_core.ui.server.frames import HUB, frame_ancestors, security_headers
from ser_core.ui.settings import Settings

LOGIN = {"SER_AUTH": "ann:secret"}
SPACE = {"SPACE_ID": "user/space"}


@pytest.mark.parametrize(
    ("environment", "sites"),
    [
        ({}, HUB),
        (SPACE, ("*",)),
        (LOGIN, ("'self'",)),
        (LOGIN | SPACE, ("'self'", "https://huggingface.co")),
        (LOGIN | {"SER_FRAME_ANCESTORS": "none"}, ("'none'",)),
        ({"SER_FRAME_ANCESTORS": "*"}, ("*",)),
        ({"SER_FRAME_ANCESTORS": " "}, HUB),
        (SPACE | {"SER_FRAME_ANCESTORS": "self"}, ("'self'",)),
        (SPACE | {"SER_FEEDBACK_REPO": "user/answers"}, HUB),
        (SPACE | {"SER_FEEDBACK_REPO": "user/answers", "SER_FRAME_ANCESTORS": "*"}, ("*",)),
        (
            {"SER_FRAME_ANCESTORS": "self, https://Example.com:8443/ http://*.example.org"},
            ("'self'", "https://example.com:8443", "http://*.example.org"),
        ),
    ],
)
def test_the_settings_say_who_may_frame_the_page(
    environment: dict[str, str], sites: tuple[str, ...]
) -> None:
    settings = Settings.from_environment(environment)
    assert frame_ancestors(settings) == sites
    policy = security_headers(settings).get("Content-Security-Policy")
    assert policy == (None if sites == ("*",) else f"frame-ancestors {' '.join(sites)}")


@pytest.mark.parametrize(
    ("environment", "is_framed"),
    [
        (LOGIN | SPACE, True),
        (LOGIN | SPACE | {"SER_FRAME_ANCESTORS": "none"}, False),
        (LOGIN | SPACE | {"SER_FRAME_ANCESTORS": "self"}, False),
        (LOGIN, False),
    ],
)
def test_the_cookies_of_a_login_go_along_where_the_hub_may_frame_the_page(
    environment: dict[str, str], is_framed: bool
) -> None:
    settings = Settings.from_environment(environment)
    gates = _gates(gr.Blocks(), settings)
    assert gates[0].kwargs["is_framed"] is is_framed


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "https://example.com/page",
        "https://example.com; script-src *",
        "https://example.com\r\nSet-Cookie: x=1",
        "https://",
        "ftp://example.com",
        "* https://example.com",
        "none self",
        "'unsafe-inline'",
        "https://*.*.example.com",
        ",",
    ],
)
def test_what_names_no_site_is_one_sentence(value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.from_environment({"SER_FRAME_ANCESTORS": value})
    assert "SER_FRAME_ANCESTORS" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", ["*", "https://example.com", "self https://example.com"])
def test_no_other_site_frames_a_page_with_a_login(value: str) -> None:
    with pytest.raises(ConfigError, match="with SER_AUTH, SER_FRAME_ANCESTORS may be self or none"):
        Settings.from_environment(LOGIN | {"SER_FRAME_ANCESTORS": value})
