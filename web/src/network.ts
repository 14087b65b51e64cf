/** The network, run by LiteRT's WebAssembly on one thread, which needs no cross-origin isolation. */
import { loadAndCompile, loadLiteRt, Tensor, type SignatureRunner } from '@litertjs/core';

import type { Answer, Encoded, Facts, Parts } from './facts';
import { readKept } from './store';

/** What LiteRT's loader takes from the global scope: the WebAssembly itself, so it fetches none. */
interface RuntimeModule {
  wasmBinary: Uint8Array;
  print: () => void;
  printErr: () => void;
}

/** A module with a relaxed SIMD instruction: whether it is valid says which runtime this is for. */
const RELAXED = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253,
  15, 65, 2, 253, 15, 253, 128, 2, 11,
]);

export class Network implements Parts {
  private constructor(
    private readonly survey: SignatureRunner,
    private readonly features: SignatureRunner,
    private readonly whole: SignatureRunner,
    private readonly head: SignatureRunner,
    private readonly outputs: Facts['outputs'],
  ) {}

  /**
   * Load runtime and model, from the browser's store or, the first time, from the server.
   *
   * @param base address of the folder that the page lies in.
   * @param progress told of the bytes that came from the server, and how many are to come.
   */
  static async load(
    facts: Facts,
    base: string,
    progress: (loaded: number, total: number) => void,
  ): Promise<Network> {
    const { files } = facts;
    const runtime = WebAssembly.validate(RELAXED) ? files.runtime : files.compatible;
    const wanted = [`${runtime}.bin`, files.survey, files.features, files.network];
    const counts = wanted.map(() => [0, 0]);
    const [wasmBinary, ...parts] = await Promise.all(
      wanted.map((file, index) =>
        readKept(new URL(file, base), (loaded, total) => {
          counts[index] = [loaded, total];
          const [all, whole] = [0, 1].map((side) => counts.reduce((sum, one) => sum + one[side], 0));
          progress(all, whole);
        }),
      ),
    );
    const quiet = () => undefined;
    const scope = globalThis as unknown as { Module?: RuntimeModule };
    scope.Module = { wasmBinary, print: quiet, printErr: quiet };
    await loadLiteRt(new URL(`${runtime}.js`, base).href);
    delete scope.Module; // with its 9 MB
    const compiled = [];
    for (const part of parts) compiled.push(await loadAndCompile(part, { accelerator: 'wasm' }));
    const [survey, features, network] = compiled;
    const { whole, head } = facts.signatures;
    const own = network.signatures;
    return new Network(survey, features, own[whole], own[head], facts.outputs);
  }

  async look(samples: Float32Array): Promise<{ spoken: Float32Array; energy: Float32Array }> {
    return run(this.survey, samples, (read) => ({
      spoken: read('spoken')!.values,
      energy: read('energy')!.values,
    }));
  }

  async encode(samples: Float32Array, frames: number): Promise<Encoded> {
    const packed = new Float32Array(samples.length + 1);
    packed.set(samples);
    packed[samples.length] = frames;
    const features = await run(this.features, packed, (read) => read('features')!);
    return run(this.whole, features.values, (read) => read(this.outputs.frames)!);
  }

  async answer(summary: Float32Array): Promise<Answer> {
    const { emotion, intensity, distance } = this.outputs;
    return run(this.head, summary, (read) => ({
      probabilities: Array.from(read(emotion)!.values),
      intensity: read(intensity)?.values[0] ?? null,
      distance: read(distance)?.values[0] ?? null,
    }));
  }
}

/** Run a part, read what it gives, and free what LiteRT keeps outside of JavaScript's memory. */
async function run<T>(
  part: SignatureRunner,
  values: Float32Array,
  take: (read: (name: string | null) => Encoded | undefined) => T,
): Promise<T> {
  const [{ name, shape }] = part.getInputDetails();
  const input = new Tensor(values, [...shape]);
  let given: Record<string, Tensor> = {};
  try {
    given = await part.run({ [name]: input });
    return take((wanted) => {
      const tensor = wanted === null ? undefined : given[wanted];
      if (!tensor) return undefined;
      const width = tensor.type.layout.dimensions.at(-1)!;
      return { values: (tensor.toTypedArray() as Float32Array).slice(), width };
    });
  } finally {
    for (const tensor of [input, ...Object.values(given)]) tensor.delete();
  }
}
