"""What moves on Timeline: the line with the player, the pieces that are clicked, and the zoom.

The picture is drawn once, for the whole recording. What is in sight of it are two variables of
style.css, `--zoom` and `--shift`, so that whatever stands at its share of the time stays right.
"""

from .strip import MOST_TICKS, TICKS

LEAST = 10.0  # [s] in sight at most zoom

SCRIPT = """
(() => {
  const steps = %s, most = %d, least = %g, slack = 6;  // [s], ticks, [s], [px] that no drag has
  const player = () => document.querySelector("#timeline-recording audio");
  const find = () => document.querySelector("#timeline-strip .ser-strip");
  const length = strip => Number(strip.dataset.seconds);
  const sight = strip => ({ from: Number(strip.dataset.from || 0),
                            span: Number(strip.dataset.span || length(strip)) });
  const clock = time => {
    const two = part => String(part).padStart(2, "0");
    const whole = Math.floor(time), hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) %% 60, seconds = two(whole %% 60);
    return hours ? `${hours}:${two(minutes)}:${seconds}` : `${minutes}:${seconds}`;
  };

  // The line.
  let stopAt = null;
  const draw = () => {
    const audio = player(), strip = find(), line = strip && strip.querySelector(".ser-cursor");
    if (!audio || !line) return;
    const { from, span } = sight(strip), part = (audio.currentTime - from) / span;
    line.hidden = part < 0 || part > 1;
    line.style.left = 100 * part + "%%";
  };
  document.addEventListener("timeupdate", event => {
    const audio = player(), strip = find();
    if (event.target !== audio) return;
    const now = audio.currentTime;
    if (stopAt !== null && now >= stopAt) { audio.pause(); stopAt = null; }
    if (strip) {
      const { from, span } = sight(strip), outside = now < from || now > from + span;
      if (outside && span < length(strip) && !audio.paused && !held.size)
        show(strip, now - span / 10, span);
    }
    draw();
  }, true);

  // The zoom.
  const show = (strip, from, span) => {
    const all = length(strip);
    span = Math.min(all, Math.max(least, span));
    from = Math.max(0, Math.min(all - span, from));
    Object.assign(strip.dataset, { from, span });
    strip.style.setProperty("--zoom", all / span);
    strip.style.setProperty("--shift", from / span);
    const ticks = strip.querySelector(".ser-ticks");
    const step = steps.find(one => span / one < most - 1) || steps.at(-1);
    ticks.querySelectorAll("span").forEach(one => one.remove());
    for (let time = Math.ceil(from / step) * step; time <= from + span; time += step) {
      const tick = ticks.appendChild(document.createElement("span"));
      tick.textContent = clock(time);
      tick.style.left = 100 * (time - from) / span + "%%";
    }
    const tools = document.querySelector("#timeline-strip .ser-zoom");
    tools.querySelector("output").textContent = `${clock(from)} - ${clock(from + span)}`;
    const idle = { in: span <= least, out: span >= all, whole: span >= all,
                   earlier: from <= 0, later: from + span >= all };
    tools.querySelectorAll("button").forEach(
      one => one.setAttribute("aria-disabled", idle[one.dataset.zoom]));
    draw();
  };
  const zoom = (strip, factor, part = 0.5) => {
    const { from, span } = sight(strip), wanted = Math.max(least, span / factor);
    show(strip, from + part * (span - wanted), wanted);
  };
  const pan = (strip, parts) => {
    const { from, span } = sight(strip);
    show(strip, from + parts * span, span);
  };
  const tools = {
    in: strip => zoom(strip, 2), out: strip => zoom(strip, 0.5),
    whole: strip => show(strip, 0, length(strip)),
    earlier: strip => pan(strip, -0.5), later: strip => pan(strip, 0.5),
  };
  const keys = { "+": "in", "=": "in", "-": "out", "0": "whole", Escape: "whole",
                 ArrowLeft: "earlier", ArrowRight: "later" };
  document.addEventListener("keydown", event => {
    const strip = find(), tool = keys[event.key];
    if (!strip || !tool || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.target.closest || !event.target.closest("#timeline-strip .ser-zoom")) return;
    event.preventDefault();
    tools[tool](strip);
  });

  // A drag moves what is zoomed, and chooses what is to be zoomed where it is not.
  const held = new Map();
  let begun = null, dragged = false;
  const area = event => event.target.closest
    && event.target.closest("#timeline-strip .ser-window, #timeline-strip .ser-lane-track");
  const part = (box, x) => Math.min(1, Math.max(0, (x - box.left) / box.width));
  const begin = (strip, box) => {
    const xs = [...held.values()];
    begun = { strip, box, xs, ...sight(strip) };
  };
  document.addEventListener("pointerdown", event => {
    const place = area(event), strip = find();
    if (!place || !strip || event.button > 0 || !strip.previousElementSibling) return;
    if (!held.size) dragged = false;
    held.set(event.pointerId, event.clientX);
    begin(strip, place.getBoundingClientRect());
  });
  document.addEventListener("pointermove", event => {
    if (!begun || !held.has(event.pointerId) || !begun.strip.isConnected) return;
    held.set(event.pointerId, event.clientX);
    const { strip, box, xs, from, span } = begun, now = [...held.values()];
    const moved = now[0] - xs[0];
    if (Math.abs(moved) > slack || now.length > 1) dragged = true;
    if (!dragged) return;
    if (now.length > 1) {
      const before = Math.max(20, Math.abs(xs[1] - xs[0])), after = Math.abs(now[1] - now[0]);
      const wanted = span * before / Math.max(20, after);
      const middle = from + span * part(box, (xs[0] + xs[1]) / 2);
      show(strip, middle - wanted * part(box, (now[0] + now[1]) / 2), wanted);
    } else if (span < length(strip)) show(strip, from - span * moved / box.width, span);
    else {
      const chosen = strip.querySelector(".ser-chosen");
      const [low, high] = [part(box, xs[0]), part(box, now[0])].sort((a, b) => a - b);
      chosen.hidden = false;
      Object.assign(chosen.style, { left: 100 * low + "%%", width: 100 * (high - low) + "%%" });
      begun.chosen = [low, high];
    }
  });
  const end = event => {
    if (!held.delete(event.pointerId) || !begun) return;
    const { strip, box, chosen } = begun;
    begun = null;
    const mark = strip.querySelector(".ser-chosen");
    if (mark) mark.hidden = true;
    if (held.size) begin(strip, box);
    else if (chosen && event.type === "pointerup") {
      const all = length(strip);
      show(strip, chosen[0] * all, (chosen[1] - chosen[0]) * all);
    }
  };
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  const turned = event => {
    const place = area(event), strip = find();
    if (!place || !strip || !strip.previousElementSibling) return;
    if (event.ctrlKey) {  // what a pinch on a touchpad sends, too
      event.preventDefault();
      zoom(strip, Math.exp(-event.deltaY / 200),
        part(place.getBoundingClientRect(), event.clientX));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      pan(strip, event.deltaX / place.clientWidth);
    }
  };
  const wheeled = new WeakSet();
  document.addEventListener("pointerover", () => {
    const place = document.getElementById("timeline-strip");
    if (!place || wheeled.has(place)) return;
    wheeled.add(place);
    place.addEventListener("wheel", turned, { passive: false });
  });

  // What is under the pointer, and what a click plays. Within a page of another site its language
  // may not be ours, or none; without one, numbers are written as the browser does.
  const spoken = () => document.querySelector(".ser-header")?.dataset.language || undefined;
  const parsed = new WeakMap();
  const read = river => {
    if (!parsed.has(river)) parsed.set(river, {
      points: JSON.parse(river.dataset.river), labels: JSON.parse(river.dataset.labels),
      speech: JSON.parse(river.dataset.speech),
      percent: new Intl.NumberFormat(spoken(), { style: "percent" }) });
    return parsed.get(river);
  };
  const point = event => {
    const river = event.target.closest && event.target.closest("#timeline-strip .ser-river");
    if (!river) return null;
    const time = part(river.querySelector("svg").getBoundingClientRect(), event.clientX);
    return { river, time: time * length(river.closest("[data-seconds]")) };
  };
  document.addEventListener("pointermove", event => {
    const at = point(event);
    if (!at) return;
    const { points, labels, speech, percent } = read(at.river);
    const near = points
      .reduce((best, one) => Math.abs(one[0] - at.time) < Math.abs(best[0] - at.time) ? one : best);
    const words = near[1].map((share, row) => [share, labels[row]]).sort((a, b) => b[0] - a[0])
      .map(([share, label]) => `${label} ${percent.format(share / 100)}`).join("  ");
    const is_speech = speech.some(([start, end]) => start <= at.time && at.time <= end);
    at.river.querySelector(".ser-here").textContent
      = `${clock(at.time)}  ${is_speech ? words : at.river.dataset.silence}`;
  });
  document.addEventListener("click", event => {
    const strip = find(), tool = event.target.closest && event.target.closest("[data-zoom]");
    if (strip && tool) { tools[tool.dataset.zoom](strip); return; }
    if (dragged && area(event)) { dragged = false; return; }
    const audio = player();
    if (!audio) return;
    const at = point(event), piece = event.target.closest("#timeline-strip [data-start]");
    if (!at && !piece) return;
    audio.currentTime = piece ? Number(piece.dataset.start) : at.time;
    stopAt = piece ? Number(piece.dataset.end) : null;
    audio.play().catch(() => {});
  });
})();
""" % (list(TICKS), MOST_TICKS, LEAST)  # noqa: UP031, as braces are JavaScript's
