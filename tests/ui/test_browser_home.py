"""The page away from home: in frames of other sites, as an app, behind a proxy and a login."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio
import pytest

from ser_core import EmotionRecognizer
from ser_core.ui.look import text
from ser_core.ui.look.markup import say_label
from ser_core.ui.server import manifest
from ser_core.ui.words.languages import speaking
from tests.support.app import HTTP, SPEECH, serving
from tests.support.browser import ANSWERED, PATIENCE, choose, require_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FRONTEND = Path(gradio.__file__).parent / "templates" / "frontend"
PREFIX = "/emotion"
MICROPHONE = """navigator.mediaDevices.getUserMedia({ audio: true })
  .then(stream => { stream.getTracks().forEach(one => one.stop()); return "heard"; },
        error => error.name)"""


class Site(ThreadingHTTPServer):
    """Another site, which holds a few pages, and passes on to `behind` what is under `PREFIX`."""

    daemon_threads = True

    def __init__(self, behind: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.pages: dict[str, tuple[str, str]] = {"/favicon.ico": ("image/x-icon", "")}
        self.behind = behind
        # By this name, it is another site to a browser than 127.0.0.1.
        self.url = f"http://localhost:{self.server_port}"

    def hold(self, path: str, html: str) -> str:
        self.pages[path] = ("text/html", f"<!doctype html><title>Another site</title>{html}")
        return self.url + path


class _Answer(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        kind, body = self.server.pages.get(self.path, ("text/plain", ""))
        status, content, headers = 200, body.encode(), {"content-type": kind}
        if self.server.behind and self.path.startswith(PREFIX):
            asked = {"Host": self.headers["Host"]}
            answer = HTTP.get(
                self.server.behind + self.path.removeprefix(PREFIX + "/"), headers=asked
            )
            left = {"content-encoding", "content-length", "transfer-encoding", "connection"}
            status, content = answer.status_code, answer.content
            headers = {k: v for k, v in answer.headers.items() if k not in left}
        elif self.path not in self.server.pages:
            status = 404
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def space(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[str]:
    """Address of the page as a Space serves it."""
    with serving(recognizer, space="user/space") as demo:
        yield demo.local_url


@pytest.fixture
def visitor(browser: "Browser") -> Iterator["Page"]:
    """A page of a browser; at the end, nothing may have gone wrong in it."""
    context = browser.new_context(permissions=["microphone"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    found = list(faults)
    context.close()
    assert found == []


def snippet(address: str) -> str:
    """The frame that the documentation gives, at another address."""
    docs = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    (code,) = [one for one in re.findall(r"```html\n(.*?)```", docs, re.DOTALL) if "<iframe" in one]
    return code.replace("https://user-space.hf.space", address)


def test_another_sites_page_embeds_a_space_and_gets_an_answer(
    visitor: "Page", site: Site, space: str
) -> None:
    code = snippet(space)
    assert space in code
    visitor.goto(site.hold("/frame", code))
    frame = visitor.frame_locator("iframe")
    frame.locator("[data-status=waiting]").wait_for()
    assert visitor.frames[1].evaluate(MICROPHONE) == "heard"
    choose(visitor.frames[1], SPEECH)
    frame.locator(ANSWERED).first.wait_for()
    frame.locator("#moments [data-explained=yes]").wait_for(state="attached")


def test_another_sites_page_holds_a_space_as_a_component(
    visitor: "Page", site: Site, space: str
) -> None:
    # The script that the Hub names lies on Gradio's own server; here it is the installed one.
    script = (FRONTEND / "gradio.js").read_text(encoding="utf-8")
    site.pages["/gradio.js"] = ("text/javascript", script.replace("./assets/", f"{space}assets/"))
    component = f'<script type="module" src="/gradio.js"></script><gradio-app src="{space}">'
    visitor.goto(site.hold("/component", f"{component}</gradio-app>"))
    visitor.wait_for_selector("[data-status=waiting]")
    choose(visitor, SPEECH)
    visitor.wait_for_selector(ANSWERED)
    visitor.wait_for_selector("#moments [data-explained=yes]", state="attached")


def test_elsewhere_the_frame_of_another_site_stays_empty(
    browser: "Browser", site: Site, url: str
) -> None:
    page = browser.new_page()
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(site.hold("/closed", f'<iframe src="{url}"></iframe>'))
    for _ in range(PATIENCE // 100):
        if page.frames[1].url.startswith("chrome-error:"):
            break
        page.wait_for_timeout(100)  # the browser says so before it puts its own page there
    else:
        pytest.fail(f"the frame shows {page.frames[1].url}")
    page.close()


LINKS = {
    "?tab=Timeline&__theme=dark": "timeline",
    "?tab=model": "model",
    "?tab=TEACH&tab=live": "teach",
    "?tab=about%20%26%20api": "about",
    "?example=conversation": "timeline",
    "?example=SAD&example=conversation": "predict",
    "?tab=live&example=sad": "predict",
    "?tab=live&example=nobody": "live",
    "?tab=t": None,
    "?tab=nonsense": None,
    "?tab=constructor&example=constructor": None,
    "?tab=": None,
    "": None,
}


def test_a_link_opens_its_tab_in_a_frame_too(visitor: "Page", site: Site, space: str) -> None:
    # No cookie keeps a language in another site's frame.
    query = "?example=Conversation&lang=de&__theme=dark"
    visitor.goto(site.hold("/links", f'<iframe src="{space}{query}"></iframe>'))
    (frame,) = visitor.frames[1:]
    frame.locator("#tab-timeline [data-timeline=done]").wait_for()
    with speaking("de"):
        assert say_label("angry") in (frame.locator("#tab-timeline").text_content() or "")
    assert frame.locator("html").get_attribute("lang") == "de"
    assert "dark" in frame.locator("body").get_attribute("class").split()
    found = frame.evaluate(
        """([code, links]) => Promise.all(links.map(async link => {
          history.replaceState(null, "", link || location.pathname);
          return (await eval(code)())[0].selected ?? null;
        }))""",
        [opening(space), list(LINKS)],
    )
    assert dict(zip(LINKS, found, strict=True)) == LINKS


def opening(url: str) -> str:
    """The JavaScript that the page opens a linked tab with."""
    events = HTTP.get(f"{url}config").json()["dependencies"]
    (code,) = [one["js"] for one in events if "URLSearchParams" in str(one["js"])]
    return code


def describe_app(page: "Page") -> tuple[str, dict[str, Any]]:
    """What the browser makes of the page as an app: where its manifest is, and what is in it."""
    told = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert told["errors"] == []
    return told["url"], json.loads(told["data"])


def require_icons(page: "Page", address: str, described: dict[str, Any]) -> None:
    """Require that the browser draws every icon of a manifest in the size that it says."""
    icons = {
        one["src"]: int(one["sizes"].partition("x")[0])
        for one in described["icons"]
        if one["sizes"] != "any"
    }
    assert len(icons) == 2 * len(manifest.SIZES)
    drawn = page.evaluate(
        """([base, names]) => Promise.all(names.map(async name => {
          const image = new Image();
          image.src = new URL(name, base);
          await image.decode();
          return image.naturalWidth;
        }))""",
        [address, list(icons)],
    )
    assert drawn == list(icons.values())


def test_the_browser_finds_an_app_behind_a_proxy_and_a_login(
    visitor: "Page", uploads: Path, recognizer: EmotionRecognizer
) -> None:
    require_browser()
    with (
        serving(recognizer, root_path=PREFIX, auth=(("ann", "hush-hush"),)) as demo,
        Site(demo.local_url) as proxy,
    ):
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        base = f"{proxy.url}{PREFIX}/"
        visitor.goto(base)
        visitor.get_by_text(text.LOGIN).wait_for()
        address, described = describe_app(visitor)
        assert address == f"{base}manifest.json"
        assert described["short_name"] == text.NAME
        require_icons(visitor, address, described)
        head = visitor.evaluate(
            """() => Object.fromEntries(
              [...document.querySelectorAll("meta[property], meta[name]")]
                .map(one => [one.getAttribute("property") || one.name, one.content]))"""
        )
        assert head["og:image"] == f"{base}icons/thumbnail.png"
        assert head["og:url"] == base
        assert HTTP.get(head["og:image"]).headers["content-type"] == "image/png"
        hrefs = visitor.evaluate(
            "[...document.querySelectorAll('link[rel*=icon]')].map(a => a.href)"
        )
        assert all(HTTP.get(one).status_code == 200 for one in hrefs)
        proxy.shutdown()
