"""How the page looks: Gradio's theme and our own style sheet. Nothing is fetched from elsewhere."""

import gradio as gr

from ...config.emotions import EMOTIONS
from . import text

# IBM Plex Sans comes with Gradio; a GoogleFont would be fetched over the network. The SemiBold that
# comes with it lacks most letters, so bold is 700.
THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.blue,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_md,
    font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
).set(
    body_background_fill="*neutral_50",
    # Gradio's own grey, neutral_400, has a contrast of 2.5:1 on this page; these have 7:1.
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_400",
    # Gradio's own blue, primary_500, has 3.5:1; `.dark` sets it back below.
    color_accent="*primary_700",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_600",
    button_primary_text_color="white",
)

COLOURS = {emotion.name: (emotion.colour, emotion.colour_dark) for emotion in EMOTIONS} | {
    "other": ("#5c5c5c", "#c4c4c4"),  # a label that is not one of the eight
    "failed": ("#b3261e", "#ff8a80"),
    "plain": ("#94a3b8", "#94a3b8"),  # the edge of a card that names no emotion
}
"""What the CSS variables --ser-NAME stand for, on a light and on a dark page."""


def _variables(*, dark: bool) -> str:
    return " ".join(f"--ser-{name}: {pair[dark]};" for name, pair in COLOURS.items())


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
[id$="recording"] .source-selection { gap: .5rem; height: auto; padding: .4rem 0; }
[id$="recording"] .source-selection button { width: auto; height: 2rem;
  padding: 0 .6rem; display: flex; align-items: center; gap: .4rem; font-size: .875rem; }
[id$="recording"] .source-selection button:not(.selected) {
  color: var(--body-text-color-subdued); }
[id$="recording"] .source-selection button svg { width: 1.1rem; height: 1.1rem; }
[id$="recording"] .source-selection button::after { content: attr(aria-label); }

.ser-header h1 { font-size: 1.75rem; font-weight: 700; line-height: 1.2; margin: .25rem 0 .35rem; }
.ser-header p, .ser-text { max-width: 46rem; margin: 0 0 .75rem; line-height: 1.5;
  color: var(--body-text-color); }
.ser-small, .ser-small p { font-size: .875rem; line-height: 1.45;
  color: var(--body-text-color-subdued); margin: 0; }
.ser-footer { border-top: 1px solid var(--border-color-primary); padding-top: .75rem; }

.ser-card { background: var(--block-background-fill);
  border: 1px solid var(--border-color-primary); border-left: 6px solid var(--emotion);
  border-radius: 10px; padding: 1.25rem 1.4rem 1.1rem; color: var(--body-text-color); }
.ser-card.ser-plain { --emotion: var(--ser-plain); }
.ser-card.ser-failed { --emotion: var(--ser-failed); }
.ser-card .ser-headline { font-size: clamp(2.2rem, 8vw, 3.2rem); font-weight: 700; line-height: 1.1;
  letter-spacing: -.01em; color: var(--emotion); margin: 0; }
.ser-card.ser-plain .ser-headline, .ser-card.ser-failed .ser-headline {
  font-size: 1.5rem; letter-spacing: 0; color: var(--body-text-color); }
.ser-card.ser-unsure .ser-lead { color: var(--emotion); }
.ser-card.ser-unsure { border-left-color: var(--ser-plain); }
.ser-card.ser-unsure .ser-headline { font-size: clamp(1.9rem, 7vw, 2.6rem);
  color: var(--body-text-color); }
.ser-card .ser-lead { font-size: 1.125rem; font-weight: 700; margin: .3rem 0 .2rem; }
.ser-card .ser-text { margin: .35rem 0 0; }
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
#history-view .ser-small { margin: .5rem 0; }
.ser-files { display: flex; gap: .6rem; margin: .75rem 0 0; }
.ser-files a { text-decoration: none; padding: .35rem .7rem; }

.ser-moments svg { display: block; width: 100%; height: 130px; }
.ser-picture { background: var(--block-background-fill); border-radius: 8px; padding: .7rem .85rem;
  border: 1px solid var(--border-color-primary); margin: 0 0 .6rem; }
.ser-wave { fill: none; stroke: var(--body-text-color-subdued); stroke-width: 2;
  vector-effect: non-scaling-stroke; }
.ser-spoken { fill: var(--border-color-primary); opacity: .6; }
.ser-for { fill: var(--emotion); }
.ser-against, .ser-base { fill: var(--body-text-color-subdued); }
.ser-times { position: relative; height: 1.1rem; margin-top: .3rem; }
.ser-times span { position: absolute; transform: translateX(-50%); font-size: .8125rem;
  color: var(--body-text-color-subdued); }
.ser-times span:first-child { transform: none; }

.ser-label { display: inline-flex; align-items: center; gap: .5rem; white-space: nowrap; }
.ser-swatch { display: inline-block; width: .75rem; height: .75rem; border-radius: 3px;
  background: var(--emotion); flex: none; }
.ser-top { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .5rem;
  list-style: none; margin: 0; padding: 0; }
.ser-top li { border: 1px solid var(--border-color-primary); border-radius: 8px; margin: 0;
  padding: .5rem .65rem; }
.ser-top .ser-label { gap: .4rem; font-size: .9375rem; }
.ser-top b { display: block; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
.ser-all { list-style: none; margin: 0; padding: 0; }
.ser-all li { display: grid; grid-template-columns: 6.6rem 1fr 3.6rem; align-items: center;
  gap: .6rem; margin: 0; padding: .17rem 0; font-size: .9375rem; }
.ser-all .ser-share { text-align: right; font-variant-numeric: tabular-nums; }
.ser-track { display: block; height: .7rem; border-radius: 4px;
  background: var(--border-color-primary); overflow: hidden; }
.ser-bar { display: block; height: 100%; min-width: 2px; border-radius: 4px;
  background: var(--emotion); }

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
  .ser-top li { padding: .45rem .5rem; }
  .ser-top .ser-label { font-size: .8125rem; gap: .3rem; }
  .ser-top .ser-swatch { width: .6rem; height: .6rem; }
  .ser-top b { font-size: 1.05rem; }
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
