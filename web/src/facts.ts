/**
 * What the build says of the model, read from its `feature_config.json`; see
 * train/publish/browser_edition.py.
 */
export interface Facts {
  labels: string[];
  /** Whether these are the eight emotions of the catalogues. */
  eight: boolean;
  /** [Hz], of what goes in. */
  sampleRate: number;
  /** [samples] between two frames. */
  step: number;
  /** [frames] of a stretch, which is encoded at once, and of a window of a timeline. */
  window: number;
  /** [frames] between the starts of two windows. */
  hop: number;
  /** [frames] of a window of the survey, and how many of them around its middle are known well. */
  survey: number;
  settled: number;
  /** [frames] of the window of a stretch before it, and after it. */
  before: number;
  /** Of the network's file: from features to the encoder's frames, and from a summary to answers. */
  signatures: { whole: string; head: string };
  /** Names of the network's outputs; null: it has none of these. */
  outputs: { emotion: string; intensity: string | null; distance: string | null; frames: string };
  /** Parts of a summary, in order. */
  summary: ('mean' | 'max')[];
  /** Highest probability below which there is no answer to rely on. */
  uncertainBelow: number;
  /** Distance beyond which a sound is unlike what the model was trained on; null: it does not say. */
  familiarBelow: number | null;
  /** Which labels cannot be ruled out; null: it does not say. */
  conformal: { coverage: number; threshold: number } | null;
  /** [s] of speech from which there is an answer. */
  leastSpeech: number;
  /** [frames], longest pause that does not end a stretch of speech. */
  longestGap: number;
  /** [frames] kept before the first and after the last speech. */
  margin: number;
  /** [dB] below the loudest frame: quieter ones at the ends are left out. */
  trim: number;
  /** [frames] that one summary is of at most. */
  longestSpan: number;
  /** [frames] of a cell at most. */
  longestCell: number;
  /** [s], a piece of speech that is shorter goes with its neighbour. */
  shortestPiece: number;
  /** [s] between two live answers, and [s] that their strip shows. */
  liveHop: number;
  liveStrip: number;
  /** Live answers in a row that have to agree before a screen reader is told. */
  steady: number;
  /** Share of the speech from which on an emotion is named after the first. */
  noteworthy: number;
  /** The label that has no intensity. */
  neutral: string;
  /** [s] between times that may stand under a timeline, and how many stand there at most. */
  ticks: number[];
  mostTicks: number;
  /** Of the ring that shows a probability, in a box of 76 by 76. */
  ringRadius: number;
  /** The style sheet's class of a card, by its state. */
  kinds: Record<string, string>;
  /** How channels that cancel each other are found and left; see `ser_core.audio.downmix`. */
  downmix: { section: number; cancelled: number; weaker: number };
  /** [s] after which the page ends a recording. */
  longestRecording: number;
  /** Files by what they are, with a digest of the content in each name. */
  files: { survey: string; features: string; network: string; runtime: string; compatible: string };
}

/** What the network answers to a summary. */
export interface Answer {
  /** By label, sum 1. */
  probabilities: number[];
  /** 0 to 1, how strongly it is expressed; null where the model does not say. */
  intensity: number | null;
  /** How far the sound is from what the model was trained on; null where it does not say. */
  distance: number | null;
}

/** The encoder's frames of a stretch, one after the other. */
export interface Encoded {
  values: Float32Array;
  /** How many values a frame has. */
  width: number;
}

/** What the model is run by; see train/networks/waveform_parts.py. */
export interface Parts {
  /** Say of a window of `facts.survey` frames where somebody speaks, and how loud each frame is. */
  look(samples: Float32Array): Promise<{ spoken: Float32Array; energy: Float32Array }>;
  /** Encode the `frames` frames of a window that begin at `facts.before`. */
  encode(samples: Float32Array, frames: number): Promise<Encoded>;
  /** Answer a summary of encoded frames. */
  answer(summary: Float32Array): Promise<Answer>;
}

/** Told how much is done, 0 to 1; throws `Cancelled` when nobody wants it any more. */
export type Watch = (done: number) => Promise<void>;

/** Somebody called it off. */
export class Cancelled extends Error {}
