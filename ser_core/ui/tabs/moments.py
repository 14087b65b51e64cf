"""The player of an answered recording: its waveform, stronger where it spoke for the answer.

Drawn as SVG without text, so that it may be stretched to any width; what it shows is said in its
label. SCRIPT, which the page carries once, plays the recording's file and moves a line along.
"""

from typing import Any

import gradio as gr
import numpy as np

from ...timeline.occlusion import Explanation
from ..look import text
from ..look.markup import Markup, fill, join, name_label, tint
from ..page import MINUTES, QUICK, Samples
from .strip import clock

HEIGHT = 48  # of the drawing, in its own units
STEP, THICK = 5, 3.2  # from one bar to the next, and a bar's own width
BARS = 72
LEAST = 3.0  # height of a bar without sound
PALEST = 0.3  # opacity of speech that did not speak for the answer
NEARLY = 0.8  # of the strongest drop: neighbours with that much are one stretch with it

SCRIPT = """
(() => {
  let sound = null, player = null;
  const stop = () => { if (sound) sound.pause(); sound = null; };
  const find = () => document.querySelector("#moments .ser-player");
  const draw = () => {
    const now = find();
    if (!now || !sound) return;
    const part = Math.min(1, sound.currentTime / Number(now.dataset.seconds));
    const line = now.querySelector(".ser-now"), playing = !sound.paused && !sound.ended;
    line.hidden = false;
    line.style.left = 100 * part + "%";
    now.dataset.playing = playing;
    now.querySelector("button").setAttribute("aria-pressed", playing);
    now.querySelector(".ser-bars").setAttribute("aria-valuenow", sound.currentTime.toFixed(1));
  };
  const load = now => {
    if (sound && player === now.dataset.file) return;
    stop();
    const { root, api_prefix } = window.gradio_config;
    const file = encodeURIComponent(now.dataset.file).replaceAll("%2F", "/");
    sound = new Audio(`${root}${api_prefix || ""}/file=${file}`);
    player = now.dataset.file;
    ["timeupdate", "play", "pause", "ended"].forEach(name => sound.addEventListener(name, draw));
    sound.addEventListener("error", () => {
      const shown = find();
      if (shown) shown.querySelector(".ser-unplayable").hidden = false;
      sound = null;  // so that the next press tries again
    });
  };
  const seek = (now, time) => {
    load(now);
    sound.currentTime = Math.min(Math.max(time, 0), Number(now.dataset.seconds));
    draw();
  };
  const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };  // [s]
  document.addEventListener("keydown", event => {
    const bars = event.target.closest && event.target.closest("#moments .ser-bars");
    const ends = { Home: 0, End: bars && Number(bars.parentElement.dataset.seconds) };
    if (!bars || !(event.key in KEYS || event.key in ends)) return;
    event.preventDefault();
    const at = sound ? sound.currentTime : 0;
    seek(bars.parentElement, event.key in ends ? ends[event.key] : at + KEYS[event.key]);
  });
  document.addEventListener("click", event => {
    const now = event.target.closest("#moments .ser-player");
    if (!now) return;
    const wave = event.target.closest(".ser-bars");
    if (!wave && !event.target.closest("button")) return;
    load(now);
    if (wave) {
      const box = wave.getBoundingClientRect();
      seek(now, Number(now.dataset.seconds) * (event.clientX - box.left) / box.width);
      sound.play().catch(() => {});
    } else if (sound.paused) sound.play().catch(() => {});
    else sound.pause();
  });
  // From Stop on the recorder is as small as beside an answer, which then moves nothing.
  const patience = 10000;  // [ms]
  let forgetting = null;
  const shrink = sent => {
    const listen = document.getElementById("listen");
    clearTimeout(forgetting);
    if (!listen) return;
    if (sent) listen.dataset.sent = "yes"; else delete listen.dataset.sent;
    if (sent) forgetting = setTimeout(shrink, patience);
  };
  document.addEventListener("click", event => {
    if (event.target.closest("#recording .stop-button, #recording .stop-button-paused"))
      shrink(true);
    else if (event.target.closest("#recording button")) shrink(false);
  });
  new MutationObserver(() => {
    if (!find()) stop(); else draw();
    const sent = document.querySelector("#listen[data-sent]");
    if (sent && !sent.querySelector("[data-status=waiting], [data-status=working]")) shrink(false);
  }).observe(document, { childList: true, subtree: true });
})();
"""


def draw_player(samples: Samples, rate: int, path: str, found: Explanation | None = None) -> Markup:
    """Draw a recording's waveform beside a button that plays it.

    Args:
        samples: float32 array of shape (n,), n > 0, the recording.
        rate: int [Hz].
        path: str, its file, which the browser asks the server for when it is to be played.
        found: Explanation, which colours the bars; None before there is one.

    Returns:
        Markup, of one height whatever it shows.
    """
    duration = len(samples) / rate
    label = None if found is None else found.label
    return fill(
        '<div class="ser-player" data-file="{path}" data-seconds="{duration}" '
        'data-explained="{explained}" style="{tint}">'
        '<button type="button" aria-label="{play}" aria-pressed="false">'
        '<svg viewBox="0 0 24 24" aria-hidden="true">'
        '<path class="ser-play-sign" d="M8 5v14l11-7z"></path>'
        '<path class="ser-pause-sign" d="M7 5h3v14H7zM14 5h3v14h-3z"></path></svg></button>'
        '<div class="ser-bars" role="slider" tabindex="0" aria-label="{where}" aria-valuemin="0" '
        'aria-valuemax="{duration}" aria-valuenow="0"><svg '
        'viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>'
        '<i class="ser-now" hidden></i></div><p class="ser-hidden">{summary}</p>'
        '<p class="ser-times"><span>{begin}</span><span class="ser-means">{words}</span>'
        "<span>{end}</span></p>"
        '<p class="ser-small ser-unplayable" hidden>{unplayable}</p></div>',
        path=path,
        duration=f"{duration:.3f}",
        explained="" if found is None else "yes",
        tint=tint(label),
        play=text.PLAY,
        where=text.PLACE_IN_RECORDING,
        summary=text.WAVEFORM if found is None else summary(found),
        width=STEP * BARS,
        height=HEIGHT,
        bars=_bars(samples, rate, found),
        begin=clock(0),
        end=clock(round(duration)),
        words="" if label is None else text.MOMENTS_STRONGER.format(label=name_label(label)),
        unplayable=text.UNPLAYABLE.format(minutes=MINUTES),
    )


def only_of(recording: gr.Audio, picture: gr.HTML) -> dict[str, Any]:
    """Options of an event after an explanation: a player of another recording must not stay.

    Args:
        recording: what is explained.
        picture: where the player stands.
    """
    return {
        "fn": None,
        "js": """(recording, shown) => {
            const drawn = document.createElement("div");
            drawn.innerHTML = shown;
            const player = drawn.querySelector(".ser-player");
            return recording && player && player.dataset.file === recording.path ? shown : "";
        }""",
        "inputs": [recording, picture],
        "outputs": picture,
        **QUICK,
    }


def summary(found: Explanation) -> str:
    """Say what the picture shows, for those who do not see it."""
    if found.label is None:
        return text.WAVEFORM
    stretch = strongest_stretch(found)
    if stretch is None:
        return text.MOMENTS_NONE.format(label=name_label(found.label))
    start, end = stretch
    words = text.MOMENTS_STRONGEST
    return str(words.format(label=name_label(found.label), start=start, end=end))


def strongest_stretch(found: Explanation) -> tuple[float, float] | None:
    """The strongest moment with its neighbours that count nearly as much [s], if there is one."""
    best = found.strongest
    if best is None:
        return None
    first = last = found.moments.index(best)
    high = [moment.drop >= NEARLY * best.drop for moment in found.moments]
    while first > 0 and high[first - 1]:
        first -= 1
    while last + 1 < len(high) and high[last + 1]:
        last += 1
    return found.moments[first].start, found.moments[last].end


def weigh_bars(found: Explanation, count: int) -> np.ndarray:
    """Weigh equal pieces of a recording by how much each spoke for the answer.

    Args:
        found: Explanation, with a label.
        count: int > 0, how many pieces.

    Returns:
        float array of shape (count,): 0 where nobody speaks, else PALEST to 1, which is that of
        the strongest moment; what spoke against the answer is as pale as what said nothing.
    """
    middles = (np.arange(count) + 0.5) * found.duration / count  # [s]
    weights = np.zeros(count)
    for start, end in found.speech:
        weights[(middles >= start) & (middles < end)] = PALEST
    most = max((moment.drop for moment in found.moments), default=0.0)
    for moment in found.moments:
        within = (middles >= moment.start) & (middles < moment.end) & (weights > 0)
        if moment.drop > 0:
            weights[within] = PALEST + (1.0 - PALEST) * moment.drop / most
    return weights


def _bars(samples: Samples, rate: int, found: Explanation | None) -> Markup:
    count = min(BARS, len(samples))
    peaks = np.array([piece.max() for piece in np.array_split(np.abs(samples), count)])
    heights = np.maximum(HEIGHT * peaks / max(float(peaks.max()), 1e-9), LEAST)
    weights = None if found is None or found.label is None else weigh_bars(found, count)
    step = STEP * BARS / count
    return join(
        fill(
            '<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="1.6" '
            'opacity="{opacity}"></rect>',
            kind="ser-for" if weights is not None and weights[k] > 0 else "ser-silent",
            x=f"{(k + 0.5) * step - THICK / 2:.1f}",
            y=f"{(HEIGHT - height) / 2:.1f}",
            width=THICK,
            height=f"{height:.1f}",
            opacity=f"{weights[k]:.2f}" if weights is not None and weights[k] > 0 else "1",
        )
        for k, height in enumerate(heights)
    )
