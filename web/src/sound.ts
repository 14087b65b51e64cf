/** From a file or the microphone to mono samples, by the browser's own means. */
import type { Facts } from './facts';
import { readRate } from './headers';

/** Nothing in a file can be decoded. */
export class Unreadable extends Error {}

/** The microphone cannot be used; `name` and `message` are the browser's. */
export class NoMicrophone extends Error {
  /** Whether the page around this one keeps it from the microphone. */
  readonly embedded: boolean;

  /** @param fault what the browser threw when asked for it. */
  constructor(fault?: unknown) {
    super(fault instanceof Error ? fault.message : '');
    if (fault instanceof Error) this.name = fault.name;
    const { permissionsPolicy, featurePolicy } = document as Policies;
    const policy = permissionsPolicy ?? featurePolicy;
    this.embedded = policy?.allowsFeature('microphone') === false;
  }
}

/** What Chromium says of what a page may do; other browsers say nothing. */
interface Policies {
  permissionsPolicy?: { allowsFeature: (name: string) => boolean };
  featurePolicy?: { allowsFeature: (name: string) => boolean };
}

const LONG = 900; // [s] from which on the browser resamples, for its memory's sake
const LARGE = 30e6; // [bytes] of a file that does not say how long it is
/** Mono samples, and how many are in a second. */
export interface Sound {
  samples: Float32Array;
  rate: number;
}

/** Decode a file with the browser's own decoders; a long one to the model's rate. */
export async function decode(file: Blob, { sampleRate, downmix }: Facts): Promise<Sound> {
  const content = await file.arrayBuffer();
  const seconds = await readLength(file);
  const long = Number.isFinite(seconds) ? seconds > LONG : file.size > LARGE;
  try {
    const wanted = long ? sampleRate : readRate(content);
    // Decoding resamples to the context's rate: its own leaves the samples as they are.
    const decoded = await new OfflineAudioContext(1, 1, wanted).decodeAudioData(content);
    if (decoded.length) return { samples: mix(decoded, downmix), rate: wanted };
  } catch {
    // Whatever is wrong with it, the browser does not say.
  }
  throw new Unreadable();
}

/** Say how long a file is [s]; NaN or infinite where it does not say so itself. */
function readLength(file: Blob): Promise<number> {
  const address = URL.createObjectURL(file);
  const media = new Audio();
  return new Promise<number>((said) => {
    for (const kind of ['loadedmetadata', 'error']) {
      media.addEventListener(kind, () => said(media.duration), { once: true });
    }
    media.preload = 'metadata';
    media.src = address;
  }).finally(() => {
    media.removeAttribute('src');
    media.load(); // lets go of the file
    URL.revokeObjectURL(address);
  });
}

/** Mix channels to their mean, or where that cancels them take the loudest; see downmix.py. */
function mix(sound: AudioBuffer, { section: seconds, cancelled, weaker }: Facts['downmix']): Float32Array {
  const channels: Float32Array[] = [];
  for (let index = 0; index < sound.numberOfChannels; index++) channels.push(sound.getChannelData(index));
  if (channels.length === 1) return channels[0];
  const mixed = new Float32Array(sound.length);
  const section = Math.round(seconds * sound.sampleRate);
  let before: Float32Array | null = null;
  for (let start = 0; start < mixed.length; start += section) {
    const end = Math.min(start + section, mixed.length);
    const mean = mixed.subarray(start, end);
    for (const own of channels) {
      for (let index = start; index < end; index++) mean[index - start] += own[index] / channels.length;
    }
    const powers = channels.map((own) => power(own.subarray(start, end)));
    const all = powers.reduce((sum, one) => sum + one, 0);
    if (power(mean) >= (cancelled * all) / channels.length ** 2) {
      if (all) before = null; // silence is no reason to change
      continue;
    }
    const loudest = Math.max(...powers);
    if (!before || powers[channels.indexOf(before)] < weaker * loudest) before = channels[powers.indexOf(loudest)];
    mean.set(before.subarray(start, end));
  }
  return mixed;
}

function power(samples: Float32Array): number {
  return samples.reduce((sum, one) => sum + one * one, 0);
}

/** A microphone that is open: what came in since, at the rate that it gives. */
export class Microphone {
  private constructor(
    private readonly context: AudioContext,
    private readonly stream: MediaStream,
  ) {}

  /**
   * Open it; throws `NoMicrophone`.
   *
   * @param take told of every block of samples.
   * @param warn told that no sound comes any more, by a sentence's name, and by null that it does.
   */
  static async open(
    take: (samples: Float32Array) => void,
    warn: (fault: 'MIC_GONE' | 'MIC_MUTED' | null) => void,
  ): Promise<Microphone> {
    let stream: MediaStream | null = null;
    let context: AudioContext | null = null;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      context = new AudioContext();
      await context.resume(); // an iPhone's may begin suspended
      await context.audioWorklet.addModule('capture.js');
      const capture = new AudioWorkletNode(context, 'capture', {
        numberOfOutputs: 0,
        channelCount: 1,
        channelCountMode: 'explicit', // of several channels it takes the mean
      });
      capture.port.onmessage = (event: MessageEvent<Float32Array>) => take(event.data);
      context.createMediaStreamSource(stream).connect(capture);
      const [track] = stream.getAudioTracks();
      track.addEventListener('ended', () => warn('MIC_GONE')); // comes only where nobody stopped it
      track.addEventListener('mute', () => warn('MIC_MUTED'));
      track.addEventListener('unmute', () => warn(null));
      return new Microphone(context, stream);
    } catch (error) {
      if (!stream) throw new NoMicrophone(error);
      release(stream, context);
      throw new NoMicrophone();
    }
  }

  get rate(): number {
    return this.context.sampleRate;
  }

  close(): void {
    release(this.stream, this.context);
  }
}

/** Let go of the microphone: the browser no longer shows that it is on. */
function release(stream: MediaStream, context: AudioContext | null): void {
  for (const track of stream.getTracks()) track.stop();
  void context?.close().catch(() => undefined);
}

/** Put blocks of samples one after the other. */
export function join(blocks: Float32Array[]): Float32Array {
  const whole = new Float32Array(blocks.reduce((sum, one) => sum + one.length, 0));
  let place = 0;
  for (const block of blocks) {
    whole.set(block, place);
    place += block.length;
  }
  return whole;
}
