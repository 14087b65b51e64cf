/** What the browser keeps of the large files, so that the next visit needs no network. */

/** Name of the store. What is in it is named by its content, so builds share it. */
export const KEPT = 'undertone-files';

/**
 * Read a file packed by gzip, and keep it for the next visit.
 *
 * @param progress told of the bytes that came from the server, and how many there are.
 */
export async function readKept(
  address: URL,
  progress: (loaded: number, total: number) => void,
): Promise<Uint8Array> {
  const cache = await open();
  const kept = await cache?.match(address);
  if (kept) {
    try {
      return await unpack(kept, address);
    } catch {
      await cache!.delete(address); // damaged where it was kept
    }
  }
  // Not kept by the browser's other cache as well.
  const response = await fetch(address, { cache: 'no-store' });
  if (!response.ok || !response.body) throw new Error(`${address.pathname}: ${response.status}`);
  const total = Number(response.headers.get('content-length'));
  const packed = await readAll(response.body, (loaded) => progress(loaded, total));
  const content = await unpack(new Response(packed), address);
  // Where the browser has no room, the next visit fetches it again.
  await cache?.put(address, new Response(packed)).catch(() => undefined);
  return content;
}

/** Unpack a file, and hold it against the digest in its name; throws where it is another. */
async function unpack(packed: Response, address: URL): Promise<Uint8Array> {
  const whole = packed.body!.pipeThrough(new DecompressionStream('gzip'));
  const content = await new Response(whole).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  const written = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const named = /-([0-9a-f]+)\.bin$/.exec(address.pathname)?.[1];
  if (!named || !written.startsWith(named)) throw new Error(`${address.pathname}: damaged`);
  return new Uint8Array(content);
}

/** Open the browser's store; null where it gives none, as in some private windows. */
async function open(): Promise<Cache | null> {
  try {
    return await caches.open(KEPT);
  } catch {
    return null;
  }
}

async function readAll(
  stream: ReadableStream<Uint8Array>,
  progress: (loaded: number) => void,
): Promise<Blob> {
  const pieces: BlobPart[] = [];
  let loaded = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(pieces);
    pieces.push(value as Uint8Array<ArrayBuffer>);
    loaded += value.length;
    progress(loaded);
  }
}
