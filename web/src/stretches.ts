/**
 * Which stretches of a recording are encoded, as `ser_core.features.stretches`, `timeline.spans` and
 * `timeline.stretch_stream` say: every moment with speech once, and silence never but for pauses.
 */
import type { Facts } from './facts';
import { findRuns, type Survey } from './survey';

/** A piece of a recording that is encoded at once. All numbers are frames. */
export interface Stretch {
  start: number;
  stop: number;
  /** 1 for each frame from `start` on that counts. */
  counted: Uint8Array;
}

/** Cut a recording to where speech is, and that into equal spans that one summary each is of. */
export function spans({ count, spoken, energy }: Survey, facts: Facts): Stretch[][] {
  const begin = Math.max(0, spoken.indexOf(1) - facts.margin);
  const end = Math.min(count, spoken.lastIndexOf(1) + 1 + facts.margin);
  const least = loudest(energy, begin, end) * 10 ** (-facts.trim / 10);
  let [first, stop] = [begin, end];
  while (energy[first] < least) first++;
  while (energy[stop - 1] < least) stop--;
  const number = Math.ceil((stop - first) / facts.longestSpan);
  const edge = (index: number) => first + Math.floor(((stop - first) * index) / number);
  const bounds = Array.from({ length: number }, (_, index) => [edge(index), edge(index + 1)]);
  const withSpeech = bounds.filter(([from, to]) => spoken.subarray(from, to).includes(1));
  return (withSpeech.length ? withSpeech : bounds).map(([from, to]) => cover(from, to, facts.window));
}

/** Cover frames with stretches: one after the other, the last one reaching back. */
function cover(from: number, to: number, length: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (let first = from; first < to; first += length) {
    const stop = Math.min(first + length, to);
    const missing = length - (stop - first);
    // An encoder's frame is two of ours.
    const start = Math.max(from, first - Math.floor(missing / 2) * 2);
    const counted = new Uint8Array(stop - start).fill(1, first - start);
    stretches.push({ start, stop, counted });
  }
  return stretches;
}

/** Give the stretches of a recording that is followed along time, in order. */
export function* follow(seen: Survey, facts: Facts): Generator<Stretch> {
  const counted = markCounted(seen, facts);
  const length = facts.window;
  let next = 0; // the frame before which all that counts is in a stretch
  for (;;) {
    const begin = counted.indexOf(1, next);
    if (begin < 0) return;
    const stop = counted.lastIndexOf(1, Math.min(seen.count, begin + length) - 1) + 1;
    let start = begin;
    const earliest = Math.max(0, stop - length);
    if (earliest < begin) {
      start = counted.indexOf(1, earliest);
      start = begin - Math.floor((begin - start) / 2) * 2;
    }
    const own = counted.slice(start, stop);
    own.fill(0, 0, begin - start);
    yield { start, stop, counted: own };
    next = stop;
  }
}

/** Mark the frames that count: near speech, and not the quiet ends of that. */
function markCounted({ count, spoken, energy }: Survey, facts: Facts): Uint8Array {
  const near = new Uint8Array(count);
  for (const [start, end] of findRuns(spoken)) {
    near.fill(1, Math.max(0, start - facts.margin), end + facts.margin);
  }
  const audible = energy.map((one, frame) => one * near[frame]);
  const highest = slidingMaximum(audible, facts.window);
  const share = 10 ** (-facts.trim / 10);
  const loud = near.map((one, frame) => (one && audible[frame] >= highest[frame] * share ? 1 : 0));
  const after = follows(loud, near, facts.window);
  const before = follows(loud.slice().reverse(), near.slice().reverse(), facts.window).reverse();
  return near.map((one, frame) => one & after[frame] & before[frame]);
}

/** Mark the frames that are loud, or less than `reach` after a loud one with speech between. */
function follows(loud: Uint8Array, near: Uint8Array, reach: number): Uint8Array {
  let lastLoud = -reach;
  let lastPause = -1;
  return loud.map((one, frame) => {
    if (one) lastLoud = frame;
    if (!near[frame]) lastPause = frame;
    return lastLoud > lastPause && frame - lastLoud < reach ? 1 : 0;
  });
}

/** The largest value less than `reach` before each place, at it, or less than `reach` after it. */
function slidingMaximum(values: Float32Array, reach: number): Float32Array {
  const found = new Float32Array(values.length);
  const queue: number[] = []; // places, of values that fall
  let head = 0;
  for (let place = 0; place < values.length + reach - 1; place++) {
    if (place < values.length) {
      while (queue.length > head && values[queue[queue.length - 1]] <= values[place]) queue.pop();
      queue.push(place);
    }
    const middle = place - reach + 1;
    if (middle < 0) continue;
    while (queue[head] <= middle - reach - 1) head++;
    found[middle] = values[queue[head]];
  }
  return found;
}

function loudest(energy: Float32Array, from: number, to: number): number {
  return energy.subarray(from, to).reduce((most, one) => Math.max(most, one), 0);
}

/** The cells that windows of one length and step are made of; see `ser_core.timeline.cells`. */
export class CellGrid {
  private readonly borders: number[];

  constructor(
    readonly length: number,
    readonly step: number,
    longest: number,
  ) {
    const cuts = [...new Set([0, length % step, step])].sort((a, b) => a - b);
    const borders = new Set<number>();
    cuts.slice(1).forEach((stop, index) => {
      const first = cuts[index];
      const pieces = Math.ceil((stop - first) / longest);
      for (let piece = 0; piece < pieces; piece++) {
        borders.add(first + Math.floor(((stop - first) * piece) / pieces));
      }
    });
    this.borders = [...borders].sort((a, b) => a - b);
  }

  /** Number the cell that a frame is in. */
  number(frame: number): number {
    const rest = frame % this.step;
    const within = this.borders.findLastIndex((border) => border <= rest);
    return Math.floor(frame / this.step) * this.borders.length + within;
  }

  /** The frame where the cell begins that a frame is in. */
  begin(frame: number): number {
    const rest = frame % this.step;
    return frame - rest + this.borders.findLast((border) => border <= rest)!;
  }
}
