/** Draws the page: three tabs as on the Gradio page, each with a place for sound and one for answers. */
import { answerCard, card, clockTicks, lanes, listPieces, setDrawing, timelineCard } from './cards';
import { html } from './elements';
import type { Facts } from './facts';
import { Listener, NoAnswer } from './listener';
import { liveTab } from './live';
import { sayFault } from './record_button';
import { recorder } from './recorder';
import type { Sound } from './sound';
import type { Timeline } from './timeline';
import { chooseLanguage, nameLanguage, say, type Catalogue } from './words';

interface Known {
  facts: Facts;
  glyphs: Record<string, string>;
  colours: Record<string, string>;
  words: Record<string, Catalogue>;
}

interface Tab {
  title: string;
  element: HTMLElement;
  /** Takes a file; the tab that has none leaves it to the first. */
  take?: (file: Blob) => void;
  /** Told that another tab is opened. */
  leave: () => void;
}

const NAMES = {
  predict: { answer: 'answer', picture: 'moments' },
  timeline: { answer: 'timeline-answer', picture: 'timeline-strip' },
};

/** Draw a tab that takes a recording and shows what `ask` makes of it. */
function recordingTab(
  facts: Facts,
  names: { answer: string; picture: string }, // by which the style sheet knows them
  waiting: HTMLElement,
  work: string,
  ask: (
    sound: Sound,
    progress: (done: number) => void,
    signal: AbortSignal,
  ) => Promise<[HTMLElement, ...HTMLElement[]]>,
): Omit<Tab, 'title'> {
  const shown = html('div', { class: 'web-answer', role: 'status', tabindex: '-1', id: names.answer }, waiting);
  const picture = html('div', { class: 'web-wide', id: names.picture });
  const show = (first: HTMLElement, ...others: HTMLElement[]) => {
    shown.replaceChildren(first);
    picture.replaceChildren(...others);
  };
  const fail = (words: string) => show(card('failed', say('FAILED_TITLE'), { lines: [words] }));
  let analysis = new AbortController();
  const take = async (read: () => Promise<Sound>) => {
    analysis.abort();
    analysis = new AbortController();
    const { signal } = analysis;
    const bar = html('progress', { max: '1', value: '0', 'aria-label': say('WORKING_TITLE') });
    const call = () => {
      analysis.abort();
      show(card('waiting', say('WEB_CANCELLED'), { lines: [say('WEB_WAITING')] }));
      shown.focus(); // the button that had it is gone
    };
    const button = { type: 'button', class: 'web-button', click: call };
    const cancel = html('button', button, say('WEB_CANCEL'));
    const working = card('working', say('WORKING_TITLE'), { lines: [work] });
    show(working);
    shown.append(bar, cancel);
    const progress = (done: number) => {
      bar.value = done;
    };
    try {
      const sound = await read();
      signal.throwIfAborted();
      const [first, ...others] = await ask(sound, progress, signal);
      if (!signal.aborted) show(first, ...others);
    } catch (error) {
      if (signal.aborted) return;
      fail(error instanceof NoAnswer ? say('WEB_FAULT') : sayFault(error));
    }
  };
  // What is shown from then on is not of the sound before.
  const instead = (draw: () => void) => {
    analysis.abort();
    draw();
  };
  const { element, open, stop } = recorder({
    facts,
    started: () => instead(() => show(waiting)),
    sound: take,
    failed: (words) => instead(() => fail(words)),
  });
  return { element: html('div', { class: 'web-tab' }, element, shown, picture), take: open, leave: stop };
}

function drawTimeline(timeline: Timeline): [HTMLElement, ...HTMLElement[]] {
  const drawn: [HTMLElement, ...HTMLElement[]] = [timelineCard(timeline)];
  if (timeline.segments.length) {
    const ticks = clockTicks(timeline.duration);
    const { segments, distribution, duration } = timeline;
    drawn.push(lanes(segments, distribution, [0, duration], ticks, 'TIMELINE_SUMMARY'), listPieces(segments));
  }
  return drawn;
}

function drawTabs(tabs: Tab[]): HTMLElement[] {
  const list = html('div', { class: 'web-tabs', role: 'tablist' });
  const buttons = tabs.map(({ title, element }, index) => {
    element.id = `tab-${index}`;
    element.setAttribute('role', 'tabpanel');
    const id = `tab-name-${index}`;
    element.setAttribute('aria-labelledby', id);
    const button = html('button', { type: 'button', role: 'tab', id, 'aria-controls': element.id }, title);
    button.addEventListener('click', () => open(index));
    button.addEventListener('keydown', (event) => {
      const last = tabs.length - 1;
      const steps: Record<string, number> = { Home: 0, End: last };
      steps.ArrowRight = index === last ? 0 : index + 1;
      steps.ArrowLeft = index === 0 ? last : index - 1;
      if (!Object.hasOwn(steps, event.key)) return;
      event.preventDefault();
      open(steps[event.key]);
      buttons[steps[event.key]].focus();
    });
    return button;
  });
  const open = (chosen: number) =>
    tabs.forEach(({ element, leave }, index) => {
      if (index !== chosen) leave();
      element.hidden = index !== chosen;
      buttons[index].setAttribute('aria-selected', String(index === chosen));
      buttons[index].tabIndex = index === chosen ? 0 : -1;
    });
  list.append(...buttons);
  open(0);
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('web-drop');
  });
  document.addEventListener('dragleave', () => document.body.classList.remove('web-drop'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('web-drop');
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    const shown = tabs.findIndex(({ element }) => !element.hidden);
    const taker = tabs[shown].take ? shown : 0;
    open(taker);
    tabs[taker].take!(file);
  });
  return [list, ...tabs.map(({ element }) => element)];
}

function followScheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => document.documentElement.classList.toggle('dark', dark.matches);
  dark.addEventListener('change', apply);
  apply();
}

/** Draw the menu of the languages: links, of which each opens the page anew. */
function languageMenu(codes: string[]): HTMLElement {
  const spoken = document.documentElement.lang;
  const links = codes.map((code) => {
    const current = code === spoken ? 'true' : null;
    const link = { href: `?lang=${code}`, lang: code, hreflang: code, 'aria-current': current };
    return html('li', {}, html('a', link, nameLanguage(code)));
  });
  const name = nameLanguage(spoken);
  return html(
    'details',
    { class: 'ser-languages' },
    html(
      'summary',
      {},
      html('i', { class: 'ser-hidden' }, `${say('LANGUAGE')}: `),
      html('span', {}, name),
      html('abbr', { title: name }, spoken.split('-')[0].toUpperCase()),
    ),
    html('div', {}, html('ul', {}, ...links), html('p', { class: 'ser-small' }, say('LANGUAGE_LIMITS_UNKNOWN'))),
  );
}

async function start(): Promise<void> {
  followScheme();
  const known = (await (await fetch('known.json')).json()) as Known;
  document.documentElement.lang = chooseLanguage(known.words);
  document.title = say('TITLE');
  setDrawing(known);
  const { facts } = known;
  const state = html('p', { class: 'ser-small', id: 'state', role: 'status', 'data-state': 'loading' });
  const listener = new Listener(facts, (message) => {
    state.dataset.state = message.kind;
    if (message.kind === 'loading') {
      const [loaded, total] = [message.loaded / 1e6, message.total / 1e6];
      state.textContent = say('WEB_LOADING', { loaded, total });
    } else {
      state.textContent = message.kind === 'ready' ? '' : say('WEB_UNAVAILABLE');
      if (message.kind === 'unavailable') console.error(message.words);
    }
  });
  const waiting = card('waiting', say('WAITING_TITLE'), { lines: [say('WEB_WAITING')] });
  const longer = card('waiting', say('TIMELINE_WAITING_TITLE'), { lines: [say('WEB_TIMELINE_WAITING')] });
  const tabs: Tab[] = [
    {
      title: say('PREDICT_TAB'),
      ...recordingTab(facts, NAMES.predict, waiting, say('WORKING'), async (sound, progress, signal) => [
        answerCard(await listener.ask('answer', sound, progress, signal)),
      ]),
    },
    {
      title: say('TIMELINE_TAB'),
      ...recordingTab(facts, NAMES.timeline, longer, say('TIMELINE_WORKING'), async (sound, progress, signal) =>
        drawTimeline(await listener.ask('follow', sound, progress, signal)),
      ),
    },
    { title: say('LIVE_TAB'), ...liveTab(listener, facts) },
  ];
  const head = html(
    'header',
    { class: 'ser-header' },
    html('img', { class: 'ser-logo', src: 'icons/favicon.svg', alt: '' }),
    html('h1', {}, say('QUESTION')),
    languageMenu(Object.keys(known.words)),
    html('p', {}, say('WEB_LEAD')),
  );
  const footer = html('footer', { class: 'ser-small ser-footer' }, say('FOOTER'));
  document.body.append(html('main', {}, head, state, ...drawTabs(tabs), footer));
  if ('serviceWorker' in navigator) {
    void navigator.serviceWorker.register('service_worker.js').catch(() => undefined);
  }
}

start().catch((error: unknown) => {
  console.error(error);
  document.getElementById('failed')!.hidden = false; // without a catalogue, so in English
});
