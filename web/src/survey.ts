/** Looks at a whole recording: where somebody speaks in it, and how loud it is, frame by frame. */
import type { Facts, Parts, Watch } from './facts';

/** A recording as frames: one every `facts.step` samples, the first around the first sample. */
export interface Survey {
  /** How many frames. */
  count: number;
  /** 1 where somebody speaks. */
  spoken: Uint8Array;
  /** Power of each frame. */
  energy: Float32Array;
}

/** Cut samples out of a recording; what lies outside of it is silence. */
export function slice(samples: Float32Array, start: number, length: number): Float32Array {
  const cut = new Float32Array(length);
  const from = Math.max(0, start);
  if (from < samples.length) cut.set(samples.subarray(from, Math.max(from, start + length)), from - start);
  return cut;
}

/** Look at a recording in windows that overlap, of which each knows its middle best. */
export async function survey(
  parts: Parts,
  samples: Float32Array,
  facts: Facts,
  watch: Watch,
): Promise<Survey> {
  const count = Math.floor(samples.length / facts.step) + 1;
  const spoken = new Uint8Array(count);
  const energy = new Float32Array(count);
  // One ends where the recording does, also where it begins before it: at its ends, a window's
  // answer is that of the whole, and an even number keeps the gate's steps of two frames.
  const last = Math.ceil((count - facts.survey) / 2) * 2;
  const starts = [0];
  for (let start = facts.settled; start < last; start += facts.settled) starts.push(start);
  if (last !== 0) starts.push(last);
  let from = 0;
  for (const [index, start] of starts.entries()) {
    await watch(index / starts.length);
    const window = slice(samples, start * facts.step, (facts.survey - 1) * facts.step);
    const seen = await parts.look(window);
    const end = Math.min(count, start + facts.survey);
    const next = starts[index + 1];
    const to = next === undefined ? count : Math.floor((Math.max(0, next) + end) / 2);
    for (let frame = from; frame < to; frame++) {
      spoken[frame] = seen.spoken[frame - start] > 0.5 ? 1 : 0;
      energy[frame] = seen.energy[frame - start];
    }
    from = to;
  }
  // The last frame stands where the recording ends: nobody speaks there any more.
  spoken[count - 1] = 0;
  closeGaps(spoken, facts.longestGap);
  return { count, spoken, energy };
}

/** Fill pauses of at most so many frames. */
function closeGaps(marks: Uint8Array, longest: number): void {
  let end = -1; // of the speech before
  marks.forEach((mark, frame) => {
    if (!mark) return;
    if (end >= 0 && frame - end <= longest) marks.fill(1, end, frame);
    end = frame + 1;
  });
}

/** Find runs of marks: first frame, and the one after the last. */
export function findRuns(marks: Uint8Array): [number, number][] {
  const runs: [number, number][] = [];
  let start = -1;
  for (let frame = 0; frame <= marks.length; frame++) {
    if (marks[frame] && start < 0) start = frame;
    if (!marks[frame] && start >= 0) {
      runs.push([start, frame]);
      start = -1;
    }
  }
  return runs;
}
