"""How the page looks: Gradio's theme and our own style sheet. Nothing is fetched from elsewhere."""

from pathlib import Path

import gradio as gr

from ...config.emotions import EMOTIONS
from .palette import luminance

# IBM Plex Sans comes with Gradio; a GoogleFont would be fetched over the network. The SemiBold that
# comes with it lacks most letters, so bold is 700.
INK, INK_DARK = "#1b2130", "#eef1f6"
PAGE, PAGE_DARK = "#f7f6f3", "#11141b"
CARD, CARD_DARK = "#ffffff", "#1a1f29"
LINE, LINE_DARK = "#e6e4df", "#2a3140"
THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.slate,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_lg,
    font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
).set(
    body_background_fill=PAGE,
    body_background_fill_dark=PAGE_DARK,
    background_fill_primary=CARD,
    background_fill_primary_dark=CARD_DARK,
    background_fill_secondary=PAGE,
    background_fill_secondary_dark="#222835",
    block_background_fill=CARD,
    block_background_fill_dark=CARD_DARK,
    border_color_primary=LINE,
    border_color_primary_dark=LINE_DARK,
    block_border_color=LINE,
    block_border_color_dark=LINE_DARK,
    block_radius="18px",
    block_shadow="none",
    block_shadow_dark="none",
    body_text_color=INK,
    body_text_color_dark=INK_DARK,
    # Gradio's own grey, neutral_400, has a contrast of 2.5:1 on this page; these have 5:1 and more.
    body_text_color_subdued="#5a6375",
    body_text_color_subdued_dark="#a9b2c3",
    # Gradio's own has 3.5:1; `.dark` sets it back below.
    color_accent="*primary_700",
    button_primary_background_fill=INK,
    button_primary_background_fill_hover="#333c50",
    button_primary_background_fill_dark=INK_DARK,
    button_primary_background_fill_hover_dark="#d4dae4",
    button_primary_text_color="white",
    button_primary_text_color_dark=PAGE_DARK,
    button_secondary_background_fill=CARD,
    button_secondary_background_fill_hover="#f0eee9",
    button_secondary_background_fill_dark=CARD_DARK,
    button_secondary_background_fill_hover_dark="#262d3a",
    button_secondary_border_color="#8b909b",
    button_secondary_border_color_dark="#6b7484",
    button_secondary_text_color=INK,
    button_secondary_text_color_dark=INK_DARK,
    button_border_width="1px",
    button_large_radius="999px",
    button_medium_radius="999px",
    button_small_radius="999px",
)

COLOURS = {emotion.name: (emotion.colour, emotion.colour_dark) for emotion in EMOTIONS} | {
    "other": ("#6b7280", "#9aa3b2"),  # a label that is not one of the eight
    "failed": ("#b3261e", "#ff8a80"),
    "plain": ("#94a3b8", "#94a3b8"),  # the edge of a card that names no emotion
}
"""What the CSS variables --ser-NAME stand for, on a light and on a dark page: what fills areas."""

LIGHT = 0.3
"""Relative luminance from which on white does not stand out from a fill."""

EDGES = COLOURS | {emotion.name: (emotion.edge, emotion.edge_dark) for emotion in EMOTIONS}
"""What --ser-NAME-edge stand for: what draws lines and signs, 3:1 and more against the page."""


def _variables(*, dark: bool) -> str:
    fills = [f"--ser-{name}: {pair[dark]};" for name, pair in COLOURS.items()]
    edges = [f"--ser-{name}-edge: {pair[dark]};" for name, pair in EDGES.items()]
    signs = [f"--ser-{name}-on: {_on(pair[dark])};" for name, pair in COLOURS.items()]
    return " ".join(fills + edges + signs)


def _on(fill: str) -> str:
    """What is drawn on a fill: white, or ink where the fill is too light for that."""
    return "#ffffff" if luminance(fill) < LIGHT else INK


FIRST_CSS = (
    ".gradio-container { width: 100%; max-width: 1080px !important; margin: 0 auto !important; }"
)
"""What holds before Gradio's script has put the rest into the page, so that nothing jumps then."""

FONTS = tuple(f"static/fonts/IBMPlexSans/IBMPlexSans-{cut}.woff2" for cut in ("Regular", "Bold"))
"""Where Gradio serves the fonts, below the page's own address: words jump where they come late."""

_RULES = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")

CSS = f":root {{ {_variables(dark=False)} }}\n.dark {{ {_variables(dark=True)} }}\n{_RULES}"
