/** The place where sound comes in: a button that records, one that opens a file, and dropped files. */
import { html } from './elements';
import type { Facts } from './facts';
import { recordButton } from './record_button';
import { decode, join, type Sound } from './sound';
import { say } from './words';

interface Uses {
  facts: Facts;
  /** Told that something is being recorded. */
  started: () => void;
  sound: (read: () => Promise<Sound>) => unknown;
  failed: (words: string) => void;
}

export interface Recorder {
  element: HTMLElement;
  /** Take a file. */
  open: (file: Blob) => void;
  /** End what is being recorded. */
  stop: () => void;
}

/** Draw a recorder; `sound` is given what reads the sound, as that takes a while. */
export function recorder({ facts, started, sound, failed }: Uses): Recorder {
  let blocks: Float32Array[] = [];
  let left = 0; // samples
  const { button, note, stop } = recordButton({
    started: (microphone) => {
      blocks = [];
      left = facts.longestRecording * microphone.rate;
      started();
    },
    block: (samples) => {
      blocks.push(samples);
      left -= samples.length;
      if (left > 0) return;
      stop();
      note.textContent = say('WEB_LONGEST', { minutes: facts.longestRecording / 60 });
    },
    stopped: (from) => {
      const whole = { samples: join(blocks), rate: from };
      blocks = [];
      sound(() => Promise.resolve(whole));
    },
    failed,
  });
  const open = (file: Blob) => sound(() => decode(file, facts));
  const input = html('input', { type: 'file', accept: 'audio/*,video/mp4,video/webm', hidden: true });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) open(file);
    input.value = '';
  });
  const choose = html('button', { type: 'button', class: 'web-button', click: () => input.click() }, say('WEB_FILE'));
  const hint = html('p', { class: 'ser-small' }, say('WEB_DROP'));
  return { element: html('div', { class: 'web-recorder' }, button, note, choose, input, hint), open, stop };
}
