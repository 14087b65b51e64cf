/** The page's side of the worker: orders go there, answers come back by number. */
import type { Facts } from './facts';
import type { Prediction } from './recording';
import type { Sound } from './sound';
import type { Timeline } from './timeline';

interface Results {
  answer: Prediction;
  follow: Timeline;
}

/** Why there is no answer: "cancelled", or what went wrong. */
export class NoAnswer extends Error {}

interface Waiting {
  done: (result: never) => void;
  failed: (why: NoAnswer) => void;
  progress: (done: number) => void;
}

type Message =
  | { kind: 'loading'; loaded: number; total: number }
  | { kind: 'ready' | 'unavailable'; words?: string }
  | { kind: 'progress'; id: number; done: number }
  | { kind: 'done'; id: number; result: never }
  | { kind: 'cancelled' | 'failed'; id: number; words?: string };

export class Listener {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private ended: string | null = null; // why there is no worker any more

  constructor(facts: Facts, told: (message: Message) => void) {
    // A worker from an address has the policy that its server sends; one of a blob has the page's.
    const address = new URL('worker.js', document.baseURI).href;
    const start = URL.createObjectURL(new Blob([`importScripts(${JSON.stringify(address)})`]));
    this.worker = new Worker(start);
    this.worker.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      if ('id' in data) this.settle(data);
      else told(data);
    });
    this.worker.addEventListener('error', ({ message }) => this.end(message, told));
    const base = new URL('.', document.baseURI).href;
    this.worker.postMessage({ kind: 'load', facts, base });
  }

  /** Have sound answered; throws `NoAnswer`. The samples go to the worker, and are empty after. */
  ask<K extends keyof Results>(
    kind: K,
    { samples, rate }: Sound,
    progress: (done: number) => void = () => undefined,
    signal: AbortSignal | null = null,
  ): Promise<Results[K]> {
    if (this.ended !== null) return Promise.reject(new NoAnswer(this.ended));
    const id = this.count++;
    this.worker.postMessage({ kind, id, samples, rate }, [samples.buffer as ArrayBuffer]);
    signal?.addEventListener('abort', () => this.worker.postMessage({ kind: 'cancel', id }));
    return new Promise((done, failed) => this.waiting.set(id, { done, failed, progress }));
  }

  /** Answer nothing any more: the worker could not be started, or died. */
  private end(why: string, told: (message: Message) => void): void {
    this.ended = why;
    for (const one of this.waiting.values()) one.failed(new NoAnswer(why));
    this.waiting.clear();
    told({ kind: 'unavailable', words: why });
  }

  private settle(message: Extract<Message, { id: number }>): void {
    const one = this.waiting.get(message.id);
    if (!one) return;
    if (message.kind === 'progress') return one.progress(message.done);
    this.waiting.delete(message.id);
    if (message.kind === 'done') one.done(message.result);
    else one.failed(new NoAnswer(message.kind === 'cancelled' ? 'cancelled' : message.words));
  }
}
