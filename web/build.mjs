// Bundles the page's sources, and what it takes from npm, into bundle/: make web.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build, transform } from 'esbuild';

const OUT = 'bundle';
const RUNTIME = 'node_modules/@litertjs/core/wasm';
// LiteRT's: for browsers with relaxed SIMD, and for the others.
const RUNTIMES = { runtime: 'litert_wasm_internal', compatible: 'litert_wasm_compat_internal' };

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
for (const [kind, name] of Object.entries(RUNTIMES)) {
  const { code } = await transform(readFileSync(`${RUNTIME}/${name}.js`, 'utf8'), { minify: true });
  writeFileSync(`${OUT}/${kind}.js`, code);
  copyFileSync(`${RUNTIME}/${name}.wasm`, `${OUT}/${kind}.wasm`);
}
await build({
  entryPoints: ['main', 'worker', 'capture', 'service_worker'].map((name) => `src/${name}.ts`),
  outdir: OUT,
  bundle: true,
  minify: true,
  target: 'es2022',
  format: 'iife',
  legalComments: 'none',
});
