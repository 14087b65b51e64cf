/** Draws what is said of a recording, as ser_core/ui/look/cards.py and ui/tabs do on the other page. */
import { html, setColours, styled, svg, tint } from './elements';
import type { Facts } from './facts';
import type { Prediction } from './recording';
import type { Segment, Timeline } from './timeline';
import { nameLabel, percent, say, sayLabel, sayOf } from './words';

let glyphs: Record<string, string> = {};
let labels: string[] = [];
let facts: Facts;

interface Drawing {
  facts: Facts;
  glyphs: Record<string, string>;
  colours: Record<string, string>;
}

export function setDrawing(known: Drawing): void {
  ({ facts, glyphs } = known);
  labels = facts.labels;
  setColours(known.colours);
}

interface Card {
  label?: string;
  share?: number;
  lead?: string;
  lines?: string[];
  parts?: (Node | null)[];
  live?: boolean;
}

/** Draw a card of any state. */
export function card(state: string, title: string, more: Card = {}): HTMLElement {
  const { label, share, lead, lines = [], parts = [], live = false } = more;
  const kind = `ser-card ${facts.kinds[state] ?? 'ser-plain'}${live ? ' ser-live' : ''}`;
  const [first, ...others] = lines;
  const headline = html('p', { class: 'ser-headline', 'data-label': label ?? null }, title);
  const head =
    label === undefined
      ? headline
      : html(
          'div',
          { class: 'ser-head' },
          html('span', { class: 'ser-mark' }, glyph(label)),
          html('div', {}, headline, first ? line(first) : null),
          share === undefined ? null : ring(share),
        );
  const drawn = html(
    'div',
    { class: kind, 'data-status': state },
    head,
    lead || live ? html('p', { class: 'ser-lead' }, lead ?? '') : null,
    ...(label === undefined ? lines : others).map(line),
    ...parts,
  );
  return label === undefined ? drawn : tint(drawn, label);
}

/** Name the emotion of an answer with speech, and say how probable it is, 0 to 1. */
export function heading(label: string, share: number, unsure: boolean): { title: string; lead: string } {
  const words = { label: nameLabel(label), percent: percent(share) };
  return unsure
    ? { title: say('UNCERTAIN_TITLE', words), lead: say('UNCERTAIN_PROBABILITY', words) }
    : { title: sayLabel(label), lead: say('PROBABILITY', words) };
}

/** Show an answer. */
export function answerCard(answer: Prediction): HTMLElement {
  const seconds = say('SPEECH_SECONDS', { speech: answer.speech, duration: answer.duration });
  if (answer.status === 'no_speech') {
    const below = html('p', { class: 'ser-small' }, `${seconds}.`);
    return card('no_speech', say('NO_SPEECH_TITLE'), { lines: [say('NO_SPEECH')], parts: [below] });
  }
  const label = labels[answer.label];
  const share = answer.probabilities[answer.label];
  const unsure = answer.status === 'uncertain';
  const ranked = labels.map((_, index) => index);
  ranked.sort((a, b) => answer.probabilities[b] - answer.probabilities[a]);
  const row = (index: number, kind: 'b' | 'span') =>
    html(
      'li',
      {},
      swatch(labels[index]),
      bar(labels[index], answer.probabilities[index]),
      html(kind, { class: kind === 'b' ? null : 'ser-share' }, percent(answer.probabilities[index])),
    );
  const caveats = [];
  if (answer.likely.length > 1) {
    const names = answer.likely.map((index) => nameLabel(labels[index]));
    const last = names.pop()!;
    const all = say('LIKELY_OR', { others: names.join(', '), last });
    const words = { coverage: facts.conformal!.coverage, labels: all };
    // What the model was not trained on holds the truth less often than at home.
    caveats.push(say(answer.familiar === false ? 'LIKELY_UNFAMILIAR' : 'LIKELY', words));
  }
  if (answer.familiar === false) caveats.push(say('UNFAMILIAR'));
  const known = [
    answer.intensity === null ? null : say('INTENSITY', { percent: percent(answer.intensity) }),
    seconds,
    answer.familiar ? say('FAMILIAR') : null,
  ].filter((one) => one !== null);
  const line = unsure ? say('UNCERTAIN') : (sayOf('SOUNDS', label) ?? '');
  const { title, lead } = heading(label, share, unsure);
  return card(answer.status, title, {
    label,
    share,
    lead,
    lines: [line, ...caveats],
    parts: [
      html('ol', { class: 'ser-top', 'aria-label': say('TOP') }, ...ranked.slice(0, 3).map((index) => row(index, 'b'))),
      html('ul', { class: 'ser-facts' }, ...known.map((one) => html('li', {}, one))),
      html(
        'details',
        { class: 'ser-details' },
        html('summary', {}, say(facts.eight ? 'ALL' : 'ALL_OTHER')),
        html('ul', { class: 'ser-all' }, ...labels.map((_, index) => row(index, 'span'))),
      ),
    ],
  });
}

/** Sum a timeline up in words. */
export function timelineCard(timeline: Timeline): HTMLElement {
  const speech = timeline.speech.reduce((sum, [start, end]) => sum + end - start, 0);
  const seconds = `${say('SPEECH_SECONDS', { speech, duration: timeline.duration })}.`;
  const below = html('p', { class: 'ser-small' }, seconds);
  if (!timeline.segments.length) {
    return card('no_speech', say('NO_SPEECH_TITLE'), {
      lines: [say('TIMELINE_NO_SPEECH')],
      parts: [below],
    });
  }
  const ranked = labels.map((label, index) => ({ label, share: timeline.distribution[index] }));
  ranked.sort((a, b) => b.share - a.share);
  const [first, ...others] = ranked;
  const parts = others
    .slice(0, 2)
    .filter(({ share }) => share >= facts.noteworthy)
    .map(({ label, share }) => say('TIMELINE_THEN_PART', { label: nameLabel(label), share: percent(share, 0) }));
  const words = say('TIMELINE_MOSTLY', { share: percent(first.share, 0), seconds: speech });
  const then = parts.length ? `; ${say('TIMELINE_THEN', { parts: parts.join(', ') })}` : '';
  return card('done', say('TIMELINE_MOSTLY_TITLE', { label: nameLabel(first.label) }), {
    label: first.label,
    lines: [`${words}${then}.`, ...(timeline.familiar === false ? [say('UNFAMILIAR')] : [])],
    parts: [below],
  });
}

/** A stretch of time that sounds like one emotion. */
export type Piece = Pick<Segment, 'start' | 'end' | 'label' | 'unsure'>;

/**
 * Draw pieces in a lane for each emotion.
 *
 * @param shares of the time of speech, by label, which stand behind.
 * @param ticks times [s], and what stands under them.
 * @param summary what a screen reader says instead.
 */
export function lanes(
  pieces: Piece[],
  shares: number[],
  [start, end]: [number, number],
  ticks: [number, string][],
  summary: 'TIMELINE_SUMMARY' | 'LIVE_STRIP_SUMMARY',
): HTMLElement {
  const place = (time: number) => 100 * Math.min(Math.max((time - start) / (end - start), 0), 1);
  const within = (one: Piece) => Math.max(0, Math.min(one.end, end) - Math.max(one.start, start));
  const seconds = labels.map((_, label) =>
    pieces.reduce((sum, one) => sum + (one.label === label ? within(one) : 0), 0),
  );
  const parts = labels.flatMap((label, index) =>
    seconds[index] ? [say('STRIP_PART', { label: nameLabel(label), seconds: seconds[index] })] : [],
  );
  const silence = end - Math.max(0, start) - seconds.reduce((sum, one) => sum + one, 0);
  parts.push(say('STRIP_SILENCE', { seconds: Math.max(0, silence) }));
  const strip = html('div', {
    class: 'ser-strip',
    role: 'img',
    'aria-label': say(summary, { parts: parts.join(', ') }),
  });
  labels.forEach((label, index) => {
    const track = html('span', { class: 'ser-time' });
    for (const piece of pieces) {
      if (piece.label !== index || piece.end <= start || piece.start >= end) continue;
      const [left, right] = [place(piece.start), place(piece.end)];
      const drawn = html('i', {
        class: piece.unsure ? 'ser-piece ser-faint' : 'ser-piece',
        title: sayPiece(piece),
      });
      track.append(styled(drawn, { left: `${left}%`, width: `${right - left}%` }));
    }
    const lane = html(
      'div',
      { class: 'ser-lane' },
      html('span', { class: 'ser-lane-name' }, glyph(label), sayLabel(label)),
      html('span', { class: 'ser-lane-track' }, track),
      html('span', { class: 'ser-share' }, percent(shares[index])),
    );
    strip.append(tint(lane, label));
  });
  const marks = html('div', { class: 'ser-ticks' });
  for (const [time, words] of ticks) {
    marks.append(styled(html('span', {}, words), { left: `${place(time)}%` }));
  }
  strip.append(marks);
  return strip;
}

/** Write the pieces of a timeline one below the other, for whoever cannot point at them. */
export function listPieces(pieces: Piece[]): HTMLElement {
  const summary = html('summary', {}, say('WEB_PIECES', { count: pieces.length }));
  const items = pieces.map((one) => html('li', {}, sayPiece(one)));
  return html('details', { class: 'ser-details' }, summary, html('ul', {}, ...items));
}

function sayPiece({ label, start, end }: Piece): string {
  return say('STRIP_PIECE', { label: sayLabel(labels[label]), start: clock(start), end: clock(end) });
}

/** Say a time as players do. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Choose round times to write under a recording. */
export function clockTicks(duration: number): [number, string][] {
  const { ticks, mostTicks } = facts;
  const step = ticks.find((one) => duration / one < mostTicks - 1) ?? ticks.at(-1)!;
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, k) => [k * step, clock(k * step)]);
}

function line(words: string): HTMLElement {
  return html('p', { class: 'ser-text' }, words);
}

function glyph(label: string): SVGElement {
  const path = svg('path', { d: glyphs[label] });
  return svg('svg', { class: 'ser-glyph', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, path);
}

function swatch(label: string): HTMLElement {
  return tint(html('span', { class: 'ser-label' }, glyph(label), sayLabel(label)), label);
}

function bar(label: string, share: number): HTMLElement {
  const full = tint(html('span', { class: 'ser-bar' }), label);
  const width = `${100 * Math.min(Math.max(share, 0), 1)}%`;
  return html('span', { class: 'ser-track', 'aria-hidden': 'true' }, styled(full, { width }));
}

/** Draw a probability as a ring; the words beside it say the same. */
function ring(share: number): SVGElement {
  const radius = String(facts.ringRadius);
  const around = 2 * Math.PI * facts.ringRadius;
  return svg(
    'svg',
    { class: 'ser-ring', viewBox: '0 0 76 76', 'aria-hidden': 'true' },
    svg('circle', { cx: '38', cy: '38', r: radius }),
    svg('circle', {
      class: 'ser-part',
      cx: '38',
      cy: '38',
      r: radius,
      'stroke-dasharray': `${around * share} ${around}`,
      transform: 'rotate(-90 38 38)',
    }),
    svg('text', { x: '38', y: '44', 'text-anchor': 'middle' }, percent(share, 0)),
  );
}
