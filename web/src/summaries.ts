/** Summaries of encoded frames, made of what adds up; see `ser_core.features.frame_sums`. */
import type { Encoded, Facts } from './facts';

export class Sums {
  private size = 0;
  private readonly total: Float64Array;
  private readonly peak: Float32Array;

  constructor(readonly width: number) {
    this.total = new Float64Array(width);
    this.peak = new Float32Array(width).fill(-Infinity);
  }

  /** Take one of the encoder's frames. */
  add({ values, width }: Encoded, row: number): void {
    const own = values.subarray(row * width, (row + 1) * width);
    own.forEach((value, column) => {
      this.total[column] += value;
      if (value > this.peak[column]) this.peak[column] = value;
    });
    this.size++;
  }

  /** Take all that others took. */
  join(other: Sums): void {
    this.size += other.size;
    other.total.forEach((value, column) => (this.total[column] += value));
    other.peak.forEach((value, column) => {
      if (value > this.peak[column]) this.peak[column] = value;
    });
  }

  /** Write the statistics side by side. */
  summary(facts: Facts): Float32Array {
    const width = this.total.length;
    const whole = new Float32Array(width * facts.summary.length);
    facts.summary.forEach((name, place) => {
      const part = name === 'max' ? this.peak : this.total.map((value) => value / this.size);
      whole.set(part, place * width);
    });
    return whole;
  }
}

/** Give the rows of an encoder's frames of which one of our frames counts, with that frame. */
export function countedRows(counted: Uint8Array, ratio: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row * ratio < counted.length; row++) {
    if (counted.subarray(row * ratio, (row + 1) * ratio).includes(1)) rows.push(row);
  }
  return rows;
}
