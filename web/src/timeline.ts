/**
 * From the answers of a recording's windows to its timeline, as `ser_core.timeline.builder` makes it.
 *
 * The answer of a window stands for its middle; every moment takes the geometric mean of all windows
 * that reach over the middle nearest to it. Stretches of speech of one emotion become segments.
 */
import type { Facts } from './facts';

export type Stretch = [start: number, end: number]; // [s]

export interface Window {
  start: number; // [s]
  end: number; // [s]
  probabilities: number[] | null; // null: too little speech
  distance: number | null;
}

export interface Segment {
  start: number; // [s]
  end: number; // [s]
  label: number;
  unsure: boolean;
}

export interface Timeline {
  duration: number; // [s]
  speech: Stretch[];
  segments: Segment[];
  /** Each label's share of the segments' time; all 0 without any. */
  distribution: number[];
  /** Whether it sounds like what the model was trained on; null where the model does not say. */
  familiar: boolean | null;
}

/** Position of the largest value. */
export function best(values: number[]): number {
  return values.indexOf(Math.max(...values));
}

export function mean(values: number[]): number | null {
  return values.length ? values.reduce((sum, one) => sum + one, 0) / values.length : null;
}

/** Pool answers into one: the normalised geometric mean, each counting by its weight. */
export function pool(answers: number[][], weights?: number[]): number[] {
  const total = weights ? weights.reduce((sum, one) => sum + one, 0) : answers.length;
  const logs = answers[0].map(
    (_, label) =>
      answers.reduce(
        (sum, one, index) => sum + Math.log(Math.max(one[label], 1e-12)) * (weights?.[index] ?? 1),
        0,
      ) / total,
  );
  const highest = Math.max(...logs);
  const powers = logs.map((one) => Math.exp(one - highest));
  const sum = powers.reduce((all, one) => all + one, 0);
  return powers.map((one) => one / sum);
}

/** Pool each window's answer with those of all windows that reach over its middle. */
function smooth(windows: Window[]): (number[] | null)[] {
  return windows.map((window, index) => {
    if (!window.probabilities) return null;
    const middle = (window.start + window.end) / 2;
    let first = index;
    let last = index + 1;
    while (first > 0 && windows[first - 1].end > middle) first--;
    while (last < windows.length && windows[last].start < middle) last++;
    return pool(windows.slice(first, last).flatMap((one) => (one.probabilities ? [one.probabilities] : [])));
  });
}

interface Piece {
  start: number;
  end: number;
  window: number;
}

/** Cut a stretch of speech into the pieces that its windows' answers stand for. */
function cut([start, end]: Stretch, borders: number[], answered: boolean[]): Piece[] {
  const pieces: Piece[] = [];
  answered.forEach((has, window) => {
    const begin = Math.max(start, borders[window]);
    const finish = Math.min(end, borders[window + 1]);
    if (has && finish > begin) pieces.push({ start: begin, end: finish, window });
  });
  return pieces;
}

/** Join neighbouring pieces of one label, and very short ones with their longer neighbour. */
function joinPieces(pieces: Piece[], labels: number[], shortest: number): Piece[][] {
  const kept = [...pieces];
  const length = (piece: Piece | undefined) => (piece ? piece.end - piece.start : -1);
  while (kept.length > 1) {
    const lengths = kept.map(length);
    const short = lengths.indexOf(Math.min(...lengths));
    if (lengths[short] >= shortest) break;
    const into = length(kept[short - 1]) >= length(kept[short + 1]) ? short - 1 : short + 1;
    kept[into] = {
      start: Math.min(kept[into].start, kept[short].start),
      end: Math.max(kept[into].end, kept[short].end),
      window: kept[into].window,
    };
    kept.splice(short, 1);
  }
  const joined: Piece[][] = [];
  for (const piece of kept) {
    const before = joined.at(-1);
    if (before && labels[before.at(-1)!.window] === labels[piece.window]) before.push(piece);
    else joined.push([piece]);
  }
  return joined;
}

/** Make the timeline of answered windows, in order of time. */
export function build(windows: Window[], speech: Stretch[], duration: number, facts: Facts): Timeline {
  const count = facts.labels.length;
  const answers = smooth(windows);
  const middles = windows.map((window) => (window.start + window.end) / 2);
  const borders = [0, ...middles.slice(1).map((one, index) => (one + middles[index]) / 2), duration];
  const labels = answers.map((one) => (one ? best(one) : -1));
  const answered = answers.map((one) => one !== null);
  const segments: Segment[] = [];
  for (const stretch of speech) {
    for (const run of joinPieces(cut(stretch, borders, answered), labels, facts.shortestPiece)) {
      const lengths = run.map((piece) => piece.end - piece.start);
      const probabilities = pool(run.map((piece) => answers[piece.window]!), lengths);
      const label = best(probabilities);
      const unsure = probabilities[label] < facts.uncertainBelow;
      segments.push({ start: run[0].start, end: run.at(-1)!.end, label, unsure });
    }
  }
  const distribution = new Array<number>(count).fill(0);
  for (const one of segments) distribution[one.label] += one.end - one.start;
  const total = distribution.reduce((sum, one) => sum + one, 0);
  const distance = mean(windows.flatMap((one) => one.distance ?? []));
  return {
    duration,
    speech,
    segments,
    distribution: distribution.map((own) => (total ? own / total : 0)),
    familiar: isFamiliar(distance, facts),
  };
}

/** Say whether a sound is like what the model was trained on; null where the model does not say. */
export function isFamiliar(distance: number | null, { familiarBelow }: Facts): boolean | null {
  return distance === null || familiarBelow === null ? null : distance <= familiarBelow;
}
