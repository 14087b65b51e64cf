/** Reads the sample rate off a file's beginning, as a browser decodes to whatever rate it is asked. */

const USUAL = 48_000; // [Hz], of what a browser and a phone record, and of all Opus
const [LOWEST, HIGHEST] = [8_000, 96_000]; // [Hz] that every browser decodes to
const SEARCHED = 4_096; // [bytes] in which the first frame of an MP3 begins
const MPEG = [44_100, 48_000, 32_000]; // [Hz], of MPEG 1; half of that in 2, a quarter in 2.5
const SLOWER = [4, 0, 2, 1]; // by version
const KILOBITS = [
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
]; // [kbit/s] of layer III, of MPEG 2 and 2.5, and of 1

/** Say at what rate a file's samples are; of unknown kinds, that most have. */
export function readRate(file: ArrayBuffer): number {
  const rate = find(new DataView(file));
  return rate >= LOWEST && rate <= HIGHEST ? rate : USUAL;
}

function find(view: DataView): number {
  const name = (place: number, letters: string) =>
    view.byteLength >= place + letters.length &&
    [...letters].every((letter, index) => view.getUint8(place + index) === letter.charCodeAt(0));
  if (name(0, 'RIFF')) {
    for (let place = 12; place + 16 <= view.byteLength; ) {
      if (name(place, 'fmt ')) return view.getUint32(place + 12, true);
      const size = view.getUint32(place + 4, true);
      place += 8 + size + (size % 2);
    }
    return USUAL;
  }
  if (name(0, 'fLaC')) return view.byteLength > 21 ? view.getUint32(18) >>> 12 : USUAL;
  if (name(0, 'OggS')) return name(29, 'vorbis') && view.byteLength > 43 ? view.getUint32(40, true) : USUAL;
  // MP4 and its like, and Matroska with WebM.
  if (name(4, 'ftyp') || name(0, '\x1a\x45\xdf\xa3')) return USUAL;
  return findFrame(view, name(0, 'ID3') && view.byteLength > 10 ? skipTag(view) : 0);
}

/** Where an ID3 tag ends. */
function skipTag(view: DataView): number {
  return 10 + [6, 7, 8, 9].reduce((sum, byte) => sum * 128 + view.getUint8(byte), 0);
}

/** The rate of the first frame of an MP3 that another one follows. */
function findFrame(view: DataView, from: number): number {
  for (let place = from; place < Math.min(view.byteLength - 4, from + SEARCHED); place++) {
    const frame = readFrame(view, place);
    if (frame && readFrame(view, place + frame.length)?.rate === frame.rate) return frame.rate;
  }
  return USUAL;
}

function readFrame(view: DataView, place: number): { rate: number; length: number } | null {
  if (place + 4 > view.byteLength) return null;
  const head = view.getUint32(place);
  const version = (head >>> 19) & 3;
  const bits = KILOBITS[version === 3 ? 1 : 0][(head >>> 12) & 15];
  const index = (head >>> 10) & 3;
  if (head >>> 21 !== 2047 || version === 1 || ((head >>> 17) & 3) !== 1 || index === 3 || !bits) return null;
  const rate = MPEG[index] / SLOWER[version];
  const length = Math.floor(((version === 3 ? 144_000 : 72_000) * bits) / rate) + ((head >>> 9) & 1);
  return { rate, length };
}
