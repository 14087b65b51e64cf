/** The tab that answers while somebody speaks: twice a second, the last seconds. */
import { card, heading, lanes, type Piece } from './cards';
import { html } from './elements';
import type { Facts } from './facts';
import type { Listener } from './listener';
import { recordButton } from './record_button';
import { join, type Microphone } from './sound';
import { nameLabel, percent, say, sayAll, sayLabel } from './words';

export function liveTab(listener: Listener, facts: Facts): { element: HTMLElement; leave: () => void } {
  const shown = html('div', { class: 'web-answer' });
  const spoken = html('p', { class: 'ser-hidden', role: 'status' }); // changes less often than the card
  const strip = html('div', { class: 'web-wide' });
  const windowSeconds = (facts.window * facts.step) / facts.sampleRate;
  let open: Microphone | null = null;
  let blocks: Float32Array[] = [];
  let time = 0; // [s] of sound so far
  let next = facts.liveHop;
  let busy = false;
  let answered = 0; // [s] until which there are pieces
  let pieces: Piece[] = [];
  let said: string[] = []; // the last answers in short

  /** Sum up what was spoken: seconds of it by label, and the sum of that. */
  const count = () => {
    const seconds = facts.labels.map((_, label) =>
      pieces.reduce((sum, one) => sum + (one.label === label ? one.end - one.start : 0), 0),
    );
    return { seconds, total: seconds.reduce((sum, one) => sum + one, 0) };
  };

  const draw = () => {
    const { seconds, total } = count();
    const { liveStrip } = facts;
    const ticks = sayAll('LIVE_TICKS').map((words, k): [number, string] => [time - (liveStrip * k) / 4, words]);
    const all = seconds.map((own) => (total ? own / total : 0));
    const recent = pieces.filter((one) => one.end > time - liveStrip);
    strip.replaceChildren(
      html('h2', { class: 'ser-headed' }, say('LIVE_STRIP')),
      lanes(recent, all, [time - liveStrip, time], ticks, 'LIVE_STRIP_SUMMARY'),
      html('p', { class: 'ser-small' }, say('LIVE_STRIP_NOTE')),
    );
  };

  const answer = async (from: number) => {
    busy = true;
    const session = open;
    const now = time;
    const needed = Math.round(windowSeconds * from);
    const last = join(blocks).slice(-needed);
    const middle = last.reduce((sum, one) => sum + one, 0) / last.length; // an offset would be a step
    const samples = last.map((one) => one - middle);
    const given = await listener.ask('answer', { samples, rate: from }).finally(() => (busy = false));
    if (open !== session) return;
    const seconds = given.duration;
    let short = say('LIVE_NO_SPEECH_TITLE');
    if (given.status === 'no_speech') {
      const words = { lines: [say('LIVE_NO_SPEECH')], live: true };
      shown.replaceChildren(card('no_speech', say('LIVE_NO_SPEECH_TITLE'), words));
    } else {
      const unsure = given.status === 'uncertain';
      const label = facts.labels[given.label];
      short = unsure ? say('LIVE_UNCERTAIN_SHORT', { label: nameLabel(label) }) : sayLabel(label);
      const { title, lead } = heading(label, given.probabilities[given.label], unsure);
      const strength = given.intensity === null ? null : say('INTENSITY', { percent: percent(given.intensity) });
      const before = pieces.at(-1);
      const goes = before?.end === answered && before.label === given.label && before.unsure === unsure;
      if (goes) before.end = now;
      else pieces.push({ start: answered, end: now, label: given.label, unsure });
      shown.replaceChildren(
        card(given.status, title, {
          label,
          lead: unsure || !strength ? lead : `${lead}, ${strength.toLowerCase()}`,
          lines: [say(given.familiar === false ? 'LIVE_UNFAMILIAR' : 'LIVE_WINDOW', { seconds })],
          live: true,
        }),
      );
    }
    answered = now;
    said = [...said, short].slice(-facts.steady);
    const steady = said.length === facts.steady && said.every((one) => one === short);
    if (steady && spoken.textContent !== short) spoken.textContent = short;
    draw();
  };

  /** End with a sentence: there is no network to answer. */
  const fail = () => {
    stop();
    const lines = [say('WEB_FAULT')];
    shown.replaceChildren(card('failed', say('LIVE_FAILED_TITLE'), { lines, live: true }));
  };

  const take = (block: Float32Array) => {
    if (!open) return;
    const { rate } = open;
    blocks.push(block);
    time += block.length / rate;
    const most = Math.ceil((windowSeconds * rate) / block.length) + 1;
    blocks = blocks.slice(-most);
    if (time >= next && !busy) {
      next = time + facts.liveHop;
      const session = open;
      answer(rate).catch(() => open === session && fail());
    }
  };

  const { button, note, stop } = recordButton({
    started: (microphone) => {
      [blocks, pieces, time, next, answered] = [[], [], 0, facts.liveHop, 0];
      said = [];
      open = microphone;
      shown.replaceChildren(card('working', say('LIVE_STARTING_TITLE'), { lines: [say('LIVE_STARTING')], live: true }));
    },
    block: take,
    stopped: () => {
      open = null;
      const { seconds, total } = count();
      const ranked = seconds.flatMap((own, label) => (own ? [{ label: facts.labels[label], own }] : []));
      ranked.sort((a, b) => b.own - a.own);
      const shares = ranked.map(({ label, own }) => `${nameLabel(label)} ${percent(own / total)}`).join(', ');
      const lead = shares ? say('LIVE_STOPPED_SHARES', { shares }) : '';
      const lines = [say('LIVE_STOPPED', { seconds: time, speech: total })];
      shown.replaceChildren(card('stopped', say('LIVE_STOPPED_TITLE'), { lead, lines, live: true }));
      spoken.textContent = `${say('LIVE_STOPPED_TITLE')}. ${lead}`;
    },
    failed: (words) => {
      shown.replaceChildren(card('failed', say('LIVE_FAILED_TITLE'), { lines: [words], live: true }));
    },
  });

  shown.append(card('waiting', say('LIVE_WAITING_TITLE'), { lines: [say('LIVE_WAITING')], live: true }));
  draw();
  const intro = html('p', { class: 'ser-text web-wide' }, say('LIVE_INTRO'));
  const recorder = html('div', { class: 'web-recorder' }, button, note);
  return { element: html('div', { class: 'web-tab' }, intro, recorder, shown, strip, spoken), leave: stop };
}
