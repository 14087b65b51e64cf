/**
 * Brings samples to another rate by a filter as steep as that of the library in Python (soxr, HQ).
 *
 * Browsers' own filters are short: what they leave of the last octave is not what the model learned
 * from, and probabilities differ by 0.05.
 *
 * Source: Kaiser and Schafer (1980), On the use of the I0-sinh window for spectrum analysis, IEEE
 * Transactions on Acoustics, Speech, and Signal Processing 28(1).
 */
import type { Watch } from './facts';

const PASSED = 0.9135; // of half the lower rate; this and the next as soxr's HQ
const ATTENUATION = 120.4; // [dB] from half the lower rate on, 20 bits
const BETA = 0.1102 * (ATTENUATION - 8.7);

const BLOCK = 65_536; // samples made between two words on how much is done

interface Filter {
  taps: number;
  /** For each place between two samples, what `2 * taps` samples around it weigh. */
  phases: Float32Array[];
}

/** Resample: all samples of a recording at a time, which is silent before it and after it. */
export async function resample(samples: Float32Array, from: number, to: number, watch: Watch): Promise<Float32Array> {
  if (from === to) return samples;
  const shared = divisor(from, to);
  const [down, up] = [from / shared, to / shared];
  const { taps, phases } = await design(from, to, up, watch);
  const made = new Float32Array(Math.ceil((samples.length * up) / down));
  for (let index = 0; index < made.length; index++) {
    if (index % BLOCK === 0) await watch(index / made.length);
    const place = index * down; // in steps of which a sample has `up`
    const phase = phases[place % up];
    const first = Math.floor(place / up) - taps + 1;
    const begin = Math.max(0, -first);
    const end = Math.min(2 * taps, samples.length - first);
    let sum = 0;
    for (let tap = begin; tap < end; tap++) sum += phase[tap] * samples[first + tap];
    made[index] = sum;
  }
  return made;
}

/** Make the filter: rates that share nothing have one place for each sample of a second. */
async function design(from: number, to: number, up: number, watch: Watch): Promise<Filter> {
  const half = Math.min(from, to) / 2; // [Hz]
  const cutoff = (half * (1 + PASSED)) / 2 / from; // [cycles/sample]
  const width = (half * (1 - PASSED)) / from; // [cycles/sample]
  const taps = Math.ceil((ATTENUATION - 8) / (2.285 * 2 * Math.PI * width) / 2);
  const highest = bessel(BETA);
  const phases: Float32Array[] = [];
  for (let phase = 0; phase < up; phase++) {
    if (phase % 256 === 255) await watch(0);
    const weights = new Float32Array(2 * taps);
    for (let tap = 0; tap < 2 * taps; tap++) {
      const distance = tap - taps + 1 - phase / up; // [samples]
      const place = distance / taps;
      const window = Math.abs(place) < 1 ? bessel(BETA * Math.sqrt(1 - place * place)) / highest : 0;
      const angle = 2 * Math.PI * cutoff * distance;
      weights[tap] = window * 2 * cutoff * (angle === 0 ? 1 : Math.sin(angle) / angle);
    }
    phases.push(weights);
  }
  return { taps, phases };
}

/** The modified Bessel function of the first kind, of order 0. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
