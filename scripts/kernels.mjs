/**
 * Compiles every AssemblyScript kernel twice: `<name>.wasm` for any host with SIMD and threads, and `<name>.relaxed.wasm`
 * for hosts with relaxed SIMD (fused multiply-add). `src/training/kernels/` chooses between them when it loads.
 */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src', 'training', 'kernels');
const out = join(folder, 'generated');
mkdirSync(out, { recursive: true });
const made = new Set();

for (const file of readdirSync(folder).filter((name) => name.endsWith('.assembly.ts'))) {
  const name = basename(file, '.assembly.ts');
  for (const build of [
    { suffix: '', features: 'simd,threads', relaxed: 0 },
    { suffix: '.relaxed', features: 'simd,threads,relaxed-simd', relaxed: 1 },
  ]) {
    // Whole or not at all: somebody may be running the build that is replaced.
    const product = `${name}${build.suffix}.wasm`;
    const fresh = join(out, `fresh-${process.pid}-${product}`);
    const { error, stderr } = await asc.main([
      join(folder, file),
      '--outFile',
      fresh,
      '--enable',
      build.features,
      '--use',
      `RELAXED=${build.relaxed}`,
      '--importMemory',
      '--sharedMemory',
      '--initialMemory',
      '1',
      '--maximumMemory',
      '65536',
      '--runtime',
      'stub',
      '-O3',
      '--noAssert',
    ]);
    if (error) {
      console.error(stderr.toString());
      process.exit(1);
    }
    renameSync(fresh, join(out, product));
    made.add(product);
  }
}
for (const file of readdirSync(out)) {
  if (!made.has(file) && !file.startsWith('fresh-')) rmSync(join(out, file), { force: true });
}
