"""Draw the page's icons, and the picture shown with a link to it, after a colour has changed.

    python -m docs.icons

writes ser_core/ui/icons from the mark (ser_core/ui/look/mark.py) and the palette. Needs the
playwright package and Chromium at /usr/bin/chromium, or where the environment variable CHROMIUM
says.
"""

import base64
from pathlib import Path

import gradio
from playwright.sync_api import Browser, sync_playwright

from ser_core.config.emotions import EMOTIONS
from ser_core.ui.look import text
from ser_core.ui.look.glyphs import STROKES
from ser_core.ui.look.mark import icon
from ser_core.ui.look.theme import CARD, INK, LINE, PAGE, THEME
from ser_core.ui.server.manifest import ICONS, SIZES, THUMBNAIL, THUMBNAIL_SIZE
from tests.support.browser import launch_browser

FONTS = Path(gradio.__file__).parent / "templates" / "frontend" / "static" / "fonts" / "IBMPlexSans"
MASKED = 0.24  # of a maskable icon's width: what lies outside four fifths of it may be cut off
PADDED = 0.08

THUMBNAIL_STYLE = """
@font-face { font-family: Plex; src: url(data:font/woff2;base64,%(font)s); }
@font-face { font-family: Plex; font-weight: 700; src: url(data:font/woff2;base64,%(bold)s); }
* { margin: 0; box-sizing: border-box; }
body { width: 1200px; height: 630px; padding: 72px 80px; background: %(page)s; color: %(ink)s;
  font: 400 34px/1.35 Plex, system-ui, sans-serif; display: flex; flex-direction: column; }
header { display: flex; align-items: center; gap: 22px; font-weight: 700; font-size: 44px; }
header svg { width: 76px; height: 76px; }
h1 { font-size: 72px; line-height: 1.1; letter-spacing: -.015em; margin: 74px 0 18px; }
p { color: %(subdued)s; }
ul { list-style: none; display: flex; gap: 18px; padding: 0; margin-top: auto; }
li { width: 113px; height: 113px; border-radius: 30px; display: grid; place-items: center; }
li svg { width: 66px; height: 66px; fill: none; stroke-width: 2.2; stroke-linecap: round;
  stroke-linejoin: round; }
"""


def draw(browser: Browser, html: str, size: tuple[int, int], name: str) -> None:
    """Draw HTML into a PNG of `ser_core/ui/icons`; what is not painted stays transparent."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_content(html)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=ICONS / name, omit_background=True)
    page.close()


def as_page(svg: str) -> str:
    """Show an SVG in the whole of a page."""
    return f"<style>body {{ margin: 0 }} svg {{ display: block; width: 100vw }}</style>{svg}"


def favicon() -> str:
    """Draw the mark for a tab: in the dark page's colours where the browser's own are dark."""
    light, dark = icon(), icon(dark=True)
    inside = [svg.partition(">")[2].removesuffix("</svg>\n") for svg in (light, dark)]
    return (
        f"{light.partition('>')[0]}><style>.dark {{ display: none }} "
        "@media (prefers-color-scheme: dark) { .light { display: none } .dark { display: block } }"
        f'</style><g class="light">{inside[0]}</g><g class="dark">{inside[1]}</g></svg>\n'
    )


def thumbnail() -> str:
    """Lay out the picture that stands beside a link to the page."""
    fonts = {
        name: base64.b64encode((FONTS / f"IBMPlexSans-{weight}.woff2").read_bytes()).decode()
        for name, weight in (("font", "Regular"), ("bold", "Bold"))
    }
    style = THUMBNAIL_STYLE % {
        **fonts,
        "page": PAGE,
        "ink": INK,
        "subdued": THEME.body_text_color_subdued,
    }
    signs = "".join(
        f'<li style="background: {CARD}; border: 2px solid {LINE}"><svg viewBox="0 0 24 24">'
        f'<path d="{STROKES[emotion.name]}" stroke="{emotion.edge}"></path></svg></li>'
        for emotion in EMOTIONS
    )
    return (
        f"<style>{style}</style><header>{icon()}{text.NAME}</header><h1>{text.QUESTION}</h1>"
        f"<p>{text.SHARE_LINE}</p><ul>{signs}</ul>"
    )


def main() -> None:
    """Draw them all."""
    ICONS.mkdir(exist_ok=True)
    (ICONS / "favicon.svg").write_text(favicon(), encoding="utf-8")
    square = as_page(icon(PAGE, margin=MASKED))
    with sync_playwright() as playwright:
        browser = launch_browser(playwright.chromium)
        draw(browser, as_page(icon()), (48, 48), "favicon.png")
        draw(browser, as_page(icon(PAGE, margin=0.16)), (180, 180), "apple-touch-icon.png")
        for size in SIZES:
            draw(browser, as_page(icon(margin=PADDED)), (size, size), f"icon-{size}.png")
            draw(browser, square, (size, size), f"maskable-{size}.png")
        draw(browser, thumbnail(), THUMBNAIL_SIZE, THUMBNAIL)
        browser.close()


if __name__ == "__main__":
    main()
