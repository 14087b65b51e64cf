/** The round button that opens the microphone and closes it again. */
import { html } from './elements';
import { Microphone, NoMicrophone, Unreadable } from './sound';
import { say } from './words';

const FAULTS: Record<string, string> = {
  NotAllowedError: 'MIC_DENIED',
  SecurityError: 'MIC_DENIED',
  NotFoundError: 'MIC_MISSING',
  OverconstrainedError: 'MIC_MISSING',
  NotReadableError: 'MIC_BUSY',
  AbortError: 'MIC_BUSY',
  TypeError: 'MIC_INSECURE', // there is nothing to ask where the address is not a safe one
};

/** Say in a sentence why there is no sound. */
export function sayFault(error: unknown): string {
  if (error instanceof NoMicrophone) return say(nameFault(error));
  return say(error instanceof Unreadable ? 'WEB_UNREADABLE' : 'WEB_FAULT');
}

function nameFault({ name, message, embedded }: NoMicrophone): string {
  const found = FAULTS[name] ?? 'MIC_FAILED';
  if (found !== 'MIC_DENIED') return found;
  if (embedded) return 'MIC_EMBEDDED';
  if (/system/i.test(message)) return 'MIC_SYSTEM';
  const safari = /^((?!chrome|android|crios|fxios).)*safari/i.test(navigator.userAgent);
  return safari ? 'MIC_DENIED_SAFARI' : 'MIC_DENIED';
}

interface Uses {
  /** Told that the microphone is open. */
  started: (microphone: Microphone) => void;
  /** Told of every block of samples, from then on. */
  block: (samples: Float32Array) => void;
  /** Told that there comes no more, and at which rate [Hz] it came. */
  stopped: (rate: number) => void;
  failed: (words: string) => void;
}

/** A button, what stands under it while the microphone gives no sound, and what closes that. */
export interface RecordButton {
  button: HTMLButtonElement;
  note: HTMLElement;
  stop: () => void;
}

/** Draw the button. */
export function recordButton({ started, block, stopped, failed }: Uses): RecordButton {
  const button = html('button', { type: 'button', class: 'web-record' });
  const note = html('p', { class: 'web-note', role: 'alert' });
  let open: Microphone | null = null;
  let wanted = false;
  const draw = () => {
    button.disabled = wanted && !open;
    button.dataset.recording = String(open !== null);
    button.textContent = say(open ? 'WEB_STOP' : 'WEB_RECORD');
  };
  const stop = () => {
    wanted = false;
    if (!open) return;
    const { rate } = open;
    open.close();
    open = null;
    draw();
    stopped(rate);
  };
  const warn = (fault: string | null) => {
    note.textContent = fault ? say(fault) : '';
    if (fault === 'MIC_GONE') stop();
  };
  const start = async () => {
    wanted = true;
    note.textContent = '';
    draw();
    try {
      const microphone = await Microphone.open((samples) => open && block(samples), warn);
      if (wanted) {
        open = microphone;
        started(microphone);
      } else microphone.close();
    } catch (error) {
      if (wanted) failed(sayFault(error));
      wanted = false;
    }
    draw();
  };
  button.addEventListener('click', () => (open ? stop() : void start()));
  draw();
  return { button, note, stop };
}
