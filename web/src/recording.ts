/** Answers a whole recording, or follows one of any length along time, as Python does. */
import type { Answer, Encoded, Facts, Parts, Watch } from './facts';
import { CellGrid, follow, spans, type Stretch } from './stretches';
import { countedRows, Sums } from './summaries';
import { findRuns, slice, survey } from './survey';
import { best, build, isFamiliar, mean, pool, type Stretch as Time, type Timeline, type Window } from './timeline';

const LOOK = 0.15; // of the work is looking at everything

export interface Prediction {
  status: 'emotion' | 'uncertain' | 'no_speech';
  /** Position of the likeliest label; -1 without speech. */
  label: number;
  /** By label, sum 1; empty without speech. */
  probabilities: number[];
  intensity: number | null;
  familiar: boolean | null;
  /** Positions of the labels that cannot be ruled out, likeliest first. */
  likely: number[];
  speech: number; // [s]
  duration: number; // [s]
}

/** Give one answer to a recording: mono samples at `facts.sampleRate`. */
export async function answerWhole(
  parts: Parts,
  samples: Float32Array,
  facts: Facts,
  watch: Watch,
): Promise<Prediction> {
  const duration = samples.length / facts.sampleRate;
  const seen = await survey(parts, samples, facts, (done) => watch(LOOK * done));
  const speech = seen.spoken.reduce((sum, mark) => sum + mark, 0) * (facts.step / facts.sampleRate);
  if (!enough(speech, facts)) return predict([], speech, duration, facts);
  const wanted = spans(seen, facts);
  const total = wanted.reduce((sum, one) => sum + one.length, 0);
  const answers: Answer[] = [];
  let done = 0;
  for (const span of wanted) {
    let sums: Sums | null = null;
    for (const stretch of span) {
      await watch(LOOK + ((1 - LOOK) * done++) / total);
      const encoded = await encode(parts, samples, stretch, facts);
      sums ??= new Sums(encoded.width);
      for (const row of countedRows(stretch.counted, ratioOf(encoded, facts))) sums.add(encoded, row);
    }
    answers.push(await parts.answer(sums!.summary(facts)));
  }
  return predict(answers, speech, duration, facts);
}

/** Make the timeline of a recording: windows every `facts.hop`, the last one where it ends. */
export async function followRecording(
  parts: Parts,
  samples: Float32Array,
  facts: Facts,
  watch: Watch,
): Promise<Timeline> {
  const duration = samples.length / facts.sampleRate;
  const rate = facts.sampleRate / facts.step; // [frames/s]
  const seen = await survey(parts, samples, facts, (done) => watch(LOOK * done));
  const speech = findRuns(seen.spoken).map(([start, end]): Time => [start / rate, Math.min(end / rate, duration)]);
  const grid = new CellGrid(facts.window, facts.hop, facts.longestCell);
  const bounds: [number, number][] = [];
  const final = grid.begin(Math.max(0, seen.count - grid.length));
  for (let start = 0; start < final; start += grid.step) bounds.push([start, start + grid.length]);
  bounds.push([final, seen.count]);
  const cells = new Map<number, Sums>();
  const windows: Window[] = [];
  /** Answer the windows that end at or before a frame; all cells in them are there. */
  const answerUntil = async (frame: number) => {
    while (windows.length < bounds.length && bounds[windows.length][1] <= frame) {
      const [first, stop] = bounds[windows.length];
      const [start, end] = [first / rate, Math.min(stop / rate, duration)];
      const numbers = [grid.number(first), grid.number(Math.max(first, stop - 1))];
      for (const number of cells.keys()) if (number < numbers[0]) cells.delete(number);
      const own = [...cells].filter(([number]) => number <= numbers[1]).map(([, sums]) => sums);
      const spoken = lengthWithin(speech, start, end);
      let answer: Answer | null = null;
      if (enough(spoken, facts) && own.length) {
        const sums = new Sums(own[0].width);
        own.forEach((one) => sums.join(one));
        answer = await parts.answer(sums.summary(facts));
      }
      windows.push({
        start,
        end,
        probabilities: answer?.probabilities ?? null,
        distance: answer?.distance ?? null,
      });
    }
  };
  for (const stretch of follow(seen, facts)) {
    await watch(LOOK + ((1 - LOOK) * stretch.start) / seen.count);
    await answerUntil(stretch.start + stretch.counted.indexOf(1));
    const encoded = await encode(parts, samples, stretch, facts);
    const ratio = ratioOf(encoded, facts);
    for (const row of countedRows(stretch.counted, ratio)) {
      const number = grid.number(stretch.start + row * ratio);
      let sums = cells.get(number);
      if (!sums) cells.set(number, (sums = new Sums(encoded.width)));
      sums.add(encoded, row);
    }
  }
  await answerUntil(seen.count);
  return build(windows, speech, duration, facts);
}

/** Say what pooled answers are, as `EmotionPrediction.of` does; without any, nobody spoke. */
function predict(answers: Answer[], speech: number, duration: number, facts: Facts): Prediction {
  if (!answers.length) {
    const none = { label: -1, probabilities: [], intensity: null, familiar: null, likely: [] };
    return { status: 'no_speech', ...none, speech, duration };
  }
  const probabilities = pool(answers.map((one) => one.probabilities));
  const intensity = mean(answers.flatMap((one) => one.intensity ?? []));
  const distance = mean(answers.flatMap((one) => one.distance ?? []));
  const label = best(probabilities);
  const { conformal } = facts;
  const ranked = probabilities.map((_, index) => index);
  ranked.sort((a, b) => probabilities[b] - probabilities[a]);
  return {
    status: probabilities[label] >= facts.uncertainBelow ? 'emotion' : 'uncertain',
    label,
    probabilities,
    intensity: facts.labels[label] === facts.neutral ? null : intensity,
    familiar: isFamiliar(distance, facts),
    likely: conformal
      ? ranked.filter((index) => index === label || probabilities[index] >= conformal.threshold)
      : [],
    speech,
    duration,
  };
}

function encode(parts: Parts, samples: Float32Array, stretch: Stretch, facts: Facts): Promise<Encoded> {
  const start = (stretch.start - facts.before) * facts.step;
  const length = (facts.window + 2 * facts.before - 1) * facts.step;
  return parts.encode(slice(samples, start, length), stretch.stop - stretch.start);
}

/** How many frames of ours are in one of the encoder's. */
function ratioOf({ values, width }: Encoded, facts: Facts): number {
  return facts.window / (values.length / width);
}

function enough(seconds: number, facts: Facts): boolean {
  return seconds > 0 && seconds >= facts.leastSpeech - 1e-9;
}

/** How much of stretches [s] lies between two times [s]. */
function lengthWithin(stretches: Time[], start: number, end: number): number {
  return stretches.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, end) - Math.max(a, start)), 0);
}
