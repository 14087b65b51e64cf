/** Runs beside the page: holds the network, and answers recordings, timelines and live windows. */
import { Cancelled, type Facts } from './facts';
import { Network } from './network';
import { answerWhole, followRecording } from './recording';
import { resample } from './resampler';

export type Order =
  | { kind: 'load'; facts: Facts; base: string }
  | { kind: 'answer' | 'follow'; id: number; samples: Float32Array; rate: number }
  | { kind: 'cancel'; id: number };

let network: Promise<Network> | null = null;
let facts: Facts;
const cancelled = new Set<number>(); // orders
const RESAMPLED = 0.05; // of the work is bringing it to the model's rate

// A browser lets timers wait 4 ms, but not messages.
const { port1: waiting, port2: again } = new MessageChannel();
const turns: (() => void)[] = [];
waiting.onmessage = () => turns.shift()?.();

/** Let other orders come in. */
function otherOrders(): Promise<void> {
  return new Promise((go) => {
    turns.push(go);
    again.postMessage(null);
  });
}

/** Orders take turns with each other, so that a long recording holds up nothing else. */
function obey(order: Order): void {
  if (order.kind === 'cancel') {
    cancelled.add(order.id);
  } else if (order.kind === 'load') {
    facts = order.facts;
    network ??= Network.load(facts, order.base, (loaded, total) =>
      postMessage({ kind: 'loading', loaded, total }),
    );
    network.then(
      () => postMessage({ kind: 'ready' }),
      (error: unknown) => postMessage({ kind: 'unavailable', words: String(error) }),
    );
  } else {
    void work(order);
  }
}

async function work(order: Exclude<Order, { kind: 'load' | 'cancel' }>): Promise<void> {
  const { id, kind } = order;
  const watch = async (done: number) => {
    postMessage({ kind: 'progress', id, done });
    await otherOrders();
    if (cancelled.has(id)) throw new Cancelled();
  };
  try {
    const parts = await network!;
    const samples = await resample(order.samples, order.rate, facts.sampleRate, (done) => watch(RESAMPLED * done));
    const ask = kind === 'follow' ? followRecording : answerWhole;
    const result = await ask(parts, samples, facts, (done) => watch(RESAMPLED + (1 - RESAMPLED) * done));
    postMessage({ kind: 'done', id, result });
  } catch (error) {
    if (error instanceof Cancelled) postMessage({ kind: 'cancelled', id });
    else postMessage({ kind: 'failed', id, words: String(error) });
  }
  cancelled.delete(id);
}

addEventListener('message', (event: MessageEvent<Order>) => obey(event.data));
