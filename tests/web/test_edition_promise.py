"""What the browser edition promises: nothing leaves the device, no network, a small first visit."""

import re

import pytest

from ser_core.ui.tabs.examples import FOLDER as CLIPS
from ser_core.ui.words.languages import ENGLISH, LANGUAGES
from tests.support.browser import PATIENCE
from tests.support.browser_edition import (
    BUILD,
    CONTROLLED,
    ROOT,
    ask,
    open_edition,
    require_build,
    served,
    shares,
)
from web import serve

FIRST_VISIT = 25_000_000  # [bytes] at most
ELSEWHERE = "http://127.0.0.1:9/"  # another port is another origin
# Every way in which a page can send something, tried in the page; each is to be refused.
ATTEMPTS = """async ([elsewhere, expected]) => {
  const refused = [];
  const all = new Promise((done) => addEventListener('securitypolicyviolation', (event) => {
    refused.push(event.effectiveDirective);
    const ways = { 'connect-src': 5 };
    const count = (name) => refused.filter((one) => one === name).length;
    if (expected.every((name) => count(name) >= (ways[name] ?? 1))) done();
  }));
  await fetch(elsewhere).catch(() => undefined);
  navigator.sendBeacon(elsewhere, 'voice');
  const asked = new XMLHttpRequest();
  asked.open('POST', elsewhere);
  try { asked.send('voice'); } catch { }
  try { new WebSocket(elsewhere.replace('http', 'ws')); } catch { }
  try { new EventSource(elsewhere); } catch { }
  new Image().src = elsewhere;
  const frame = document.createElement('iframe');
  frame.src = elsewhere;
  document.body.append(frame);
  const script = document.createElement('script');
  script.src = elsewhere;
  document.body.append(script);
  await Promise.race([all, new Promise((go) => setTimeout(go, 20_000))]);
  for (const one of [frame, script]) one.remove();
  return refused;
}"""
# The same in a worker like the page's own, of a blob, which has the page's policy.
IN_A_WORKER = """async (elsewhere) => {
  const text = `let refused = null;
    addEventListener('securitypolicyviolation', (event) => (refused = event.effectiveDirective));
    const told = new Promise((go) => addEventListener('securitypolicyviolation', go));
    const late = new Promise((go) => setTimeout(go, 20_000));
    fetch('${elsewhere}').then(() => 'sent', () => 'failed').then((end) =>
      Promise.race([told, late]).then(() => postMessage([end, refused])));`;
  const worker = new Worker(URL.createObjectURL(new Blob([text])));
  return await new Promise((told) => (worker.onmessage = (event) => told(event.data)));
}"""


def test_no_request_leaves_the_origin(page, address, asked):
    ask(page, CLIPS / "plain.mp3")
    assert asked
    own = (address, f"blob:{address}")
    assert [one.url for one in asked if not one.url.startswith(own)] == []
    assert [one.url for one in asked if (one.method, one.post_data) != ("GET", None)] == []


def test_the_policy_refuses_every_attempt_to_send_something(page):
    expected = ["connect-src", "img-src", "frame-src", "script-src-elem"]
    refused = page.evaluate(ATTEMPTS, [ELSEWHERE, expected])
    assert refused.count("connect-src") >= 5
    assert set(expected) <= set(refused)
    assert page.evaluate(IN_A_WORKER, ELSEWHERE) == ["failed", "connect-src"]


def test_the_policy_names_no_address():
    require_build()
    page = (BUILD / "index.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'self'"
    assert rules["form-action"] == "'none'"
    allowed = {"'self'", "'none'", "'wasm-unsafe-eval'", "blob:", "data:"}
    assert {source for rule in rules.values() for source in rule.split()} <= allowed


def test_the_first_visit_is_as_small_as_the_docs_say(browser, monkeypatch):
    sent: list[int] = []

    def copy(handler, source, target):
        content = source.read()
        sent.append(len(content))
        target.write(content)

    monkeypatch.setattr(serve.Handler, "copyfile", copy)
    with served() as address:
        context = browser.new_context(locale="en-GB")
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        open_edition(page, address)
        page.evaluate(CONTROLLED)
        context.close()
    assert sum(sent) <= FIRST_VISIT
    said = re.search(r"first visit fetches ([\d.]+) MB", (ROOT / "docs" / "browser.md").read_text())
    assert float(said[1]) == pytest.approx(sum(sent) / 1e6, abs=0.3)


def test_it_works_without_a_network_after_the_first_visit(context, page, address):
    page.evaluate(CONTROLLED)
    context.set_offline(True)
    try:
        later = context.new_page()
        for name in ("", "index.html?lang=en"):
            open_edition(later, address + name)
        assert shares(ask(later, CLIPS / "plain.mp3"))
        later.close()
    finally:
        context.set_offline(False)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != ENGLISH])
def test_nothing_goes_wrong_in_another_language(context, page, address, language):
    other = context.new_page()
    faults: list[str] = []
    other.on("pageerror", lambda error: faults.append(str(error)))
    open_edition(other, f"{address}?lang={language}")
    assert other.locator("html").get_attribute("lang") == language
    assert "%" in ask(other, CLIPS / "plain.mp3").locator(".ser-top").inner_text()
    other.close()
    assert faults == []
