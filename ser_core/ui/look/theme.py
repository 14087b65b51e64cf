"""How the page looks: Gradio's theme and our own style sheet. Nothing is fetched from elsewhere."""

import gradio as gr

from ...config.emotions import EMOTIONS
from . import text

# IBM Plex Sans comes with Gradio; a GoogleFont would be fetched over the network. The SemiBold that
# comes with it lacks most letters, so bold is 700.
INK, INK_DARK = "#1b2130", "#eef1f6"
THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.slate,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_lg,
    font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
).set(
    body_background_fill="#f7f6f3",
    body_background_fill_dark="#11141b",
    background_fill_primary="#ffffff",
    background_fill_primary_dark="#1a1f29",
    background_fill_secondary="#f7f6f3",
    background_fill_secondary_dark="#222835",
    block_background_fill="#ffffff",
    block_background_fill_dark="#1a1f29",
    border_color_primary="#e6e4df",
    border_color_primary_dark="#2a3140",
    block_border_color="#e6e4df",
    block_border_color_dark="#2a3140",
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
    button_primary_text_color_dark="#11141b",
    button_secondary_background_fill="#ffffff",
    button_secondary_background_fill_hover="#f0eee9",
    button_secondary_background_fill_dark="#1a1f29",
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

EDGES = COLOURS | {emotion.name: (emotion.edge, emotion.edge_dark) for emotion in EMOTIONS}
"""What --ser-NAME-edge stand for: what draws lines and signs, 3:1 and more against the page."""


def _variables(*, dark: bool) -> str:
    fills = [f"--ser-{name}: {pair[dark]};" for name, pair in COLOURS.items()]
    edges = [f"--ser-{name}-edge: {pair[dark]};" for name, pair in EDGES.items()]
    signs = [f"--ser-{name}-on: {_on(pair[dark])};" for name, pair in COLOURS.items()]
    return " ".join(fills + edges + signs)


def _on(fill: str) -> str:
    """What is drawn on a fill: white, or ink where the fill is too light for that."""
    red, green, blue = (int(fill[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return "#ffffff" if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < 0.3 else INK


# Gradio writes every rule twice, as it stands and inside its own container. A rule in @media comes
# in the second form only, and `.dark` counts only at the start of a rule's first selector.
_RULES = """
.gradio-container .prose { max-width: none; }
.gradio-container .html-container { padding: 0; }
/* Without this a wide table would widen the whole page instead of scrolling inside its box. */
.gradio-container, .gradio-container .main, .gradio-container .main > .wrap,
.gradio-container main.contain { min-width: 0; max-width: 100%; }
.gradio-container { width: 100%; max-width: 1080px !important; margin: 0 auto !important; }
.gradio-container .main { padding: 16px clamp(12px, 3vw, 32px) !important; }
footer .divider { display: none; }

.dark { --color-accent: var(--primary-400); }
/* The player's times are in a grey of 2.6:1. */
.gradio-container #time, .gradio-container #duration, .gradio-container .playback span {
  color: var(--body-text-color-subdued) !important; }

/* The two sources are small icons otherwise; their names are the ones a screen reader says. */
[id$="recording"] .source-selection { gap: .6rem; height: auto; padding: .6rem; border: 0; }
[id$="recording"] .source-selection button { width: auto; height: 2.75rem; flex: 1;
  padding: 0 .9rem; display: flex; align-items: center; justify-content: center; gap: .5rem;
  font-size: .9375rem; font-weight: 700; border-radius: 999px;
  border: 1px solid var(--button-secondary-border-color); color: var(--body-text-color); }
[id$="recording"] .source-selection button svg { width: 1.1rem; height: 1.1rem; }
[id$="recording"] .source-selection button::after { content: attr(aria-label); }

.ser-header { display: flex; align-items: center; gap: .6rem; flex-wrap: wrap; }
.ser-header .ser-logo { width: 2rem; height: 2rem; flex: none; }
.ser-header h1 { font-size: 1.25rem; font-weight: 700; line-height: 1.2; margin: 0; }
.ser-header p { flex-basis: 100%; }
.ser-header p, .ser-text { max-width: 46rem; margin: 0 0 .75rem; line-height: 1.5;
  color: var(--body-text-color); }
.ser-small, .ser-small p { font-size: .875rem; line-height: 1.45;
  color: var(--body-text-color-subdued); margin: 0; }
.ser-footer { border-top: 1px solid var(--border-color-primary); padding-top: .75rem; }

.ser-card { background: var(--block-background-fill); border: 1px solid var(--border-color-primary);
  border-radius: 18px; padding: 1.25rem 1.4rem 1.1rem; color: var(--body-text-color); }
.ser-card.ser-plain { --emotion: var(--ser-plain); --edge: var(--ser-plain); }
.ser-card.ser-failed { --emotion: var(--ser-failed); --edge: var(--ser-failed);
  border-left: 6px solid var(--ser-failed); }
.ser-head { display: flex; align-items: center; gap: .9rem; }
.ser-mark { flex: none; width: 3.5rem; height: 3.5rem; border-radius: 18px; display: grid;
  place-items: center; background: var(--emotion); box-shadow: inset 0 0 0 1px var(--edge); }
.ser-mark .ser-glyph { width: 2.1rem; height: 2.1rem; stroke: var(--on-emotion); }
.ser-unsure .ser-mark { background: none; box-shadow: none; border: 2px dashed var(--edge); }
.ser-unsure .ser-mark .ser-glyph { stroke: var(--edge); }
.ser-head .ser-text { margin: .15rem 0 0; line-height: 1.35;
  color: var(--body-text-color-subdued); }
/* The ring says the same to those who see it. */
#answer .ser-sure .ser-lead { position: absolute; width: 1px; height: 1px; margin: -1px;
  overflow: hidden; clip-path: inset(50%); }
.ser-ring { flex: none; width: 4.75rem; height: 4.75rem; margin-left: auto; }
.ser-ring circle { fill: none; stroke: var(--border-color-primary); stroke-width: 7; }
.ser-ring .ser-part { stroke: var(--edge); stroke-linecap: round; }
.ser-ring text { font-size: 17px; font-weight: 700; fill: var(--body-text-color); }
.ser-glyph { width: 1.15rem; height: 1.15rem; flex: none; fill: none; stroke: var(--edge);
  stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.ser-card .ser-headline { font-size: clamp(1.9rem, 7vw, 2.4rem); font-weight: 700; line-height: 1.1;
  letter-spacing: -.02em; color: var(--body-text-color); margin: 0; }
.ser-card > .ser-headline { font-size: 1.5rem; letter-spacing: 0; }
.ser-card .ser-lead { font-size: 1rem; font-weight: 700; margin: .5rem 0 .2rem; }
.ser-card .ser-text { margin: .35rem 0 0; }
.ser-facts { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: .6rem 0 0;
  padding: 0; }
.ser-facts li { margin: 0; padding: .2rem .65rem; border: 1px solid var(--border-color-primary);
  border-radius: 999px; font-size: .8125rem; color: var(--body-text-color-subdued); }
.ser-card h2 { font-size: .8125rem; font-weight: 700; margin: 1.25rem 0 .5rem;
  color: var(--body-text-color-subdued); }
.ser-card .ser-small { margin-top: 1.1rem; }
.ser-card .ser-voice { margin-top: .25rem; }
.ser-voice-failed { border-left: 4px solid var(--ser-failed); padding-left: .75rem; }

/* Shows where a visitor waits, after a moment, and nothing else. */
.ser-turn .wrap { position: static !important; font-size: .875rem; }
.ser-turn .wrap.hide, .ser-turn .error, .ser-turn .clear-status { display: none; }
.ser-turn .progress-text { position: static; transform: none; padding: 0; font-family: inherit;
  color: var(--body-text-color-subdued); animation: ser-appear 0s .7s both; }
.ser-turn .progress-text::before { content: var(--turn-words) "\\00a0"; }
@keyframes ser-appear { from { visibility: hidden; } to { visibility: visible; } }

.ser-headed { font-size: .9375rem; font-weight: 700; margin: .5rem 0 .25rem;
  color: var(--body-text-color); }
.ser-example-row { gap: .5rem; }
/* The answer stands under the recorder on a phone, and beside it where there is room. */
#listen { display: grid; gap: .9rem 1.25rem; align-items: start;
  grid-template: "recorder answer" auto "more answer" 1fr / minmax(0, 5fr) minmax(0, 6fr); }
#listen-recorder { grid-area: recorder; gap: .5rem; }
#listen-answer { grid-area: answer; gap: .5rem; }
#listen-more { grid-area: more; }
#run { display: none; }
#listen:has([data-status="failed"], [data-status="busy"]) #run { display: flex; }
/* Before an answer the recorder is the one thing; after it, a strip with the player above. */
#listen #moments { min-height: 0; }
#listen:has([data-status="waiting"]) #moments { display: none; }
#listen:has([data-status="working"], [data-status="emotion"], [data-status="uncertain"],
  [data-status="no_speech"]) #moments { display: block; min-height: 94px; }
#listen:has([data-status="emotion"], [data-status="uncertain"], [data-status="no_speech"])
  #recording .component-wrapper:has(#waveform) { display: none; }
#recording [data-testid="block-label"] { display: none; }
/* Where the big button records, no small one needs to lead there, and nothing can be cleared. */
#recording:has([data-testid="microphone-waveform"]) [aria-label="Record audio"],
#recording:has([data-testid="microphone-waveform"]) .top-panel { display: none; }
#listen:not(:has([data-status="waiting"])) #recording .source-selection { padding-right: 2.6rem; }
#listen:has([data-status="waiting"]) #recording .component-wrapper { padding-top: 1.5rem; }
#listen:has([data-status="waiting"]) #recording .record-button { flex-direction: column;
  border: 0; background: none; font-size: 1.15rem; font-weight: 700; height: auto; gap: .8rem; }
#listen:has([data-status="waiting"]) #recording .record-button::before { width: 6.5rem;
  height: 6.5rem; margin: 0; border-radius: 50%; background: var(--ser-angry);
  box-shadow: 0 12px 34px color-mix(in srgb, var(--ser-angry) 35%, transparent); }
#listen:has([data-status="waiting"]) #recording .controls { flex-direction: column; gap: 1rem; }
#history-view .ser-small { margin: .5rem 0; }
.ser-files { display: flex; gap: .6rem; margin: .75rem 0 0; }
.ser-files a { text-decoration: none; padding: .35rem .7rem; }

.ser-player { display: grid; grid-template-columns: 2.75rem 1fr; gap: 0 .8rem;
  align-items: center; background: var(--block-background-fill); border-radius: 18px;
  border: 1px solid var(--border-color-primary); padding: .7rem .9rem; }
.ser-player button { width: 2.75rem; height: 2.75rem; border-radius: 50%; border: 0; padding: 0;
  cursor: pointer; display: grid; place-items: center; background: var(--body-text-color); }
.ser-player button svg { width: 1.5rem; height: 1.5rem; fill: var(--block-background-fill); }
.ser-pause-sign, [data-playing="true"] .ser-play-sign { display: none; }
[data-playing="true"] .ser-pause-sign { display: inline; }
.ser-bars { position: relative; cursor: pointer; }
.ser-bars svg { display: block; width: 100%; height: 48px; }
.ser-bars rect { transition: opacity .3s; }
.ser-for { fill: var(--edge); }
.ser-silent { fill: var(--body-text-color-subdued); }
[data-explained="yes"] .ser-silent { fill: var(--border-color-primary); }
.ser-now { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px;
  background: var(--body-text-color); }
.ser-player .ser-times { grid-column: 2; display: flex; height: auto;
  justify-content: space-between; margin: .2rem 0 0; font-size: .8125rem;
  color: var(--body-text-color-subdued); }
.ser-player .ser-times span, .ser-player .ser-times span:first-child { position: static;
  transform: none; }
.ser-player .ser-unplayable { grid-column: 1 / -1; }
.ser-times { position: relative; height: 1.1rem; margin-top: .3rem; }
.ser-times span { position: absolute; transform: translateX(-50%); font-size: .8125rem;
  color: var(--body-text-color-subdued); }
.ser-times span:first-child { transform: none; }

.ser-all .ser-label, .ser-top .ser-label, .ser-lane-name { min-width: 0; white-space: normal;
  overflow-wrap: anywhere; }
.ser-label { display: inline-flex; align-items: center; gap: .5rem; white-space: nowrap; }
.ser-top { list-style: none; margin: .9rem 0 0; padding: 0; }
.ser-top li { display: grid; grid-template-columns: 7.2rem 1fr 3.6rem; align-items: center;
  gap: .6rem; margin: 0; padding: .25rem 0; }
.ser-top b { text-align: right; font-variant-numeric: tabular-nums; }
.ser-all { list-style: none; margin: 0; padding: 0; }
.ser-all li { display: grid; grid-template-columns: 6.6rem 1fr 3.6rem; align-items: center;
  gap: .6rem; margin: 0; padding: .17rem 0; font-size: .9375rem; }
.ser-all .ser-share { text-align: right; font-variant-numeric: tabular-nums; }
.ser-track { display: block; height: .75rem; border-radius: 8px;
  background: var(--border-color-primary); overflow: hidden; }
.ser-bar { display: block; height: 100%; min-width: 2px; border-radius: 8px;
  background: var(--emotion); box-shadow: inset 0 0 0 1px var(--edge); }

/* A height of its own: an answer twice a second must not move what stands below it. */
.ser-live { min-height: 11rem; box-sizing: border-box; }
.ser-live .ser-lead { min-height: 1.6em; }
.ser-hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }
#microphone { min-height: 140px; }
#microphone .icon-button-wrapper { display: none; }

.ser-strip { position: relative; background: var(--block-background-fill);
  color: var(--body-text-color); border: 1px solid var(--border-color-primary); border-radius: 8px;
  padding: .7rem .85rem 1.9rem; margin: 0 0 .6rem; }
.ser-lane { display: grid; grid-template-columns: 6.6rem 1fr 3.6rem; gap: .6rem;
  align-items: center; font-size: .9375rem; }
.ser-lane-name { display: inline-flex; align-items: center; gap: .5rem; }
.ser-lane-track { position: relative; height: 1.1rem; margin: .12rem 0; border-radius: 4px;
  background: var(--border-color-primary); overflow: hidden; }
.ser-lane .ser-share { text-align: right; font-variant-numeric: tabular-nums; }
.ser-lanes-below { margin-top: .45rem; padding-top: .45rem;
  border-top: 1px solid var(--border-color-primary); }
.ser-piece { position: absolute; top: 0; height: 100%; min-width: 2px; background: var(--emotion); }
.ser-piece.ser-faint { opacity: .45; }
.ser-piece[data-start] { cursor: pointer; }
.ser-ticks { position: absolute; inset: .7rem .85rem .5rem; pointer-events: none;
  margin: 0 4.2rem 0 7.2rem; }
.ser-ticks span { position: absolute; bottom: 0; transform: translateX(-50%); font-size: .8125rem;
  color: var(--body-text-color-subdued); white-space: nowrap; }
.ser-cursor { position: absolute; top: 0; bottom: 1.4rem; width: 2px; margin-left: -1px;
  background: var(--body-text-color); }

.ser-details summary { cursor: pointer; font-weight: 700; margin: .75rem 0; }
.ser-play { font: inherit; color: inherit; background: none; border: 0; padding: 0;
  text-decoration: underline; cursor: pointer; white-space: nowrap; }
#timeline-recording audio { width: 100%; }
.dark audio { color-scheme: dark; }

.ser-section { margin: .5rem 0 .25rem; }
.ser-section h2, .ser-heading h2 { font-size: 1.2rem; font-weight: 700; margin: .5rem 0 .5rem;
  color: var(--body-text-color); }
.ser-notice { border: 1px dashed var(--border-color-primary); border-radius: 8px;
  padding: .9rem 1rem; margin: .25rem 0; color: var(--body-text-color-subdued); }

.ser-tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .6rem;
  margin: 0 0 .75rem; }
.ser-tile { background: var(--block-background-fill); border: 1px solid var(--border-color-primary);
  border-radius: 8px; padding: .7rem .85rem; margin: 0; }
.ser-tile dt { font-size: .8125rem; font-weight: 700; color: var(--body-text-color-subdued); }
.ser-tile dd { margin: 0; font-size: 1.6rem; font-weight: 700; line-height: 1.25;
  font-variant-numeric: tabular-nums; color: var(--body-text-color); }
.ser-tile dd.ser-means { font-size: .8125rem; font-weight: 400; line-height: 1.4;
  color: var(--body-text-color-subdued); }

.ser-scroll { overflow-x: auto; margin: 0 0 .75rem; border: 1px solid var(--border-color-primary);
  border-radius: 8px; background: var(--block-background-fill); }
.ser-table, .ser-table tr { border: 0; }
.ser-table { width: 100%; border-collapse: collapse; font-size: .9375rem; margin: 0; }
.ser-table th, .ser-table td { text-align: left; vertical-align: top; padding: .5rem .75rem;
  border: 0; border-bottom: 1px solid var(--border-color-primary); line-height: 1.4;
  color: var(--body-text-color); background: none; }
.ser-table th { font-size: .8125rem; font-weight: 700;
  color: var(--body-text-color-subdued); }
.ser-table tbody tr:last-child td { border-bottom: 0; }
.ser-table .ser-number { text-align: right; font-variant-numeric: tabular-nums; }
.ser-table td.ser-number { white-space: nowrap; }

.ser-parts { columns: 2 320px; column-gap: 1rem; }
.ser-part { break-inside: avoid; padding-bottom: .4rem; }
.ser-part h3 { font-size: .9375rem; font-weight: 700; margin: 0 0 .35rem;
  color: var(--body-text-color); }

.ser-compare { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr));
  gap: .6rem; list-style: none; margin: 0; padding: 0; }
.ser-compare .ser-card { margin: 0; padding: .9rem 1rem; min-width: 0; }
.ser-compare .ser-card .ser-headline { font-size: 1.5rem; margin: .2rem 0 .1rem; }
.ser-compare .ser-card.ser-plain .ser-headline, .ser-compare .ser-card.ser-failed .ser-headline,
.ser-compare .ser-card.ser-unsure .ser-headline { font-size: 1.125rem; }
.ser-compare .ser-card .ser-text { overflow-wrap: anywhere; margin: .1rem 0 0; }
.ser-compare .ser-card .ser-file { margin: 0; overflow-wrap: anywhere; }
/* Gradio's prose sets paragraphs of a list in a line. */
.ser-compare .ser-card p { display: block; }

.ser-points { margin: 0 0 .75rem; padding-left: 1.2rem; max-width: 46rem; list-style: disc; }
.ser-points li { margin: 0 0 .4rem; line-height: 1.5; color: var(--body-text-color); }
.ser-snippet { margin: 0 0 .75rem; }
.ser-snippet figcaption { display: flex; align-items: center; justify-content: space-between;
  margin: 1rem 0 .35rem; }
.ser-snippet figcaption h3 { font-size: .9375rem; font-weight: 700; margin: 0;
  color: var(--body-text-color); }
.ser-snippet pre { overflow-x: auto; margin: 0; padding: .9rem 1rem; font-size: .875rem;
  line-height: 1.5; white-space: pre; border: 1px solid var(--border-color-primary);
  border-radius: 8px; background: var(--block-background-fill); color: var(--body-text-color); }
.ser-snippet pre code { font-family: var(--font-mono); background: none; padding: 0; border: 0; }
.ser-copy { font: inherit; font-size: .8125rem;
  padding: .15rem .6rem; cursor: pointer; border: 1px solid var(--border-color-primary);
  border-radius: 6px; background: var(--background-fill-secondary); color: var(--body-text-color); }

/* Pictures take the page's own text colour, so that they read the same on light and dark. */
.js-plotly-plot .xtick text, .js-plotly-plot .ytick text, .js-plotly-plot .legendtext,
.js-plotly-plot .xtitle, .js-plotly-plot .ytitle, .js-plotly-plot .bartext-outside {
  fill: var(--body-text-color) !important; }
.js-plotly-plot .modebar-container { display: none !important; }

@media (max-width: 900px) {
  .ser-table th, .ser-table td { padding: .5rem .45rem; }
}
@media (max-width: 640px) {
  /* So that more tabs are seen before the menu; Gradio measures a hidden copy of them. */
  .tab-wrapper button { padding-left: .45rem; padding-right: .45rem; }
  .ser-card { padding: 1rem 1rem .9rem; }
  .ser-top li { grid-template-columns: 6.6rem 1fr 3.3rem; gap: .4rem; }
  .ser-mark { width: 3.1rem; height: 3.1rem; }
  .ser-ring { width: 4rem; height: 4rem; }
  #listen { grid-template: "recorder" auto "answer" auto "more" auto / minmax(0, 1fr); }
  .ser-header p { display: none; }
  .ser-table { font-size: .875rem; }
  .ser-table th, .ser-table td { padding: .4rem .45rem; }
  .ser-stack thead { display: none; }
  .ser-stack tr { display: block; padding: .45rem .6rem;
    border-bottom: 1px solid var(--border-color-primary); }
  .ser-stack tbody tr:last-child { border-bottom: 0; }
  .ser-stack td, .ser-stack td.ser-number { display: block; border: 0; padding: .08rem 0;
    text-align: left; white-space: normal; }
  .ser-stack td:empty { display: none; }
  .ser-stack td:first-child { font-weight: 700; }
  .ser-stack td:not(:first-child)::before { content: attr(data-name) ": ";
    color: var(--body-text-color-subdued); }
  .ser-all li, .ser-lane { grid-template-columns: 6.2rem 1fr 3.3rem; gap: .4rem; }
  .ser-ticks { margin: 0 3.7rem 0 6.6rem; }
  .ser-ticks span:nth-of-type(even) { display: none; }
}
"""

_LIGHT = f'{_variables(dark=False)} --turn-words: "{text.TURN}";'

CSS = f":root {{ {_LIGHT} }}\n.dark {{ {_variables(dark=True)} }}\n{_RULES}"
