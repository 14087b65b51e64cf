/**
 * Keeps the page for use without a network. Model and runtime are kept by the worker that loads them,
 * see store.ts. It never asks another address than the page's own.
 */
import { KEPT } from './store';

declare const self: ServiceWorkerGlobalScope;
/** What train/publish/browser_edition.py writes before this. */
declare const BUILD: {
  /** The build's own name. */
  store: string;
  /** The page's files. */
  shell: string[];
  /** Model and runtime, each with a digest in its name. */
  files: string[];
};

self.addEventListener('install', (event) => {
  // The server is asked whether they are still as the page has fetched them, which takes no bytes.
  const fresh = BUILD.shell.map((file) => new Request(file, { cache: 'no-cache' }));
  // At once, so that the next reload has the new build; what is open has all that it runs but for
  // `capture.js`, which is the same to every build.
  event.waitUntil(
    caches
      .open(BUILD.store)
      .then((store) => store.addAll(fresh))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(forget().then(() => self.clients.claim()));
});

/** Delete what former builds kept. */
async function forget(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith('undertone-') && name !== BUILD.store && name !== KEPT) await caches.delete(name);
  }
  const store = await caches.open(KEPT);
  for (const request of await store.keys()) {
    if (!BUILD.files.some((file) => request.url.endsWith(`/${file}`))) await store.delete(request);
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  // There is one page, whatever its address says; and all that goes with it is of its own build.
  const wanted = request.mode === 'navigate' ? './' : request;
  event.respondWith(
    caches
      .open(BUILD.store)
      .then((store) => store.match(wanted))
      .then((found) => found ?? fetch(request)),
  );
});
