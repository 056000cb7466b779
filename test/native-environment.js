/**
 * Jest's Node environment, with the typed arrays of the process. Native code (onnxruntime) makes its arrays from the
 * process's constructors, and a test's own copies of these would not recognise them as typed arrays.
 */
const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { TestEnvironment } = require('jest-environment-node');

/**
 * V8 shares the code of a WebAssembly module among the threads of a process as long as somebody holds it. Held here, PGlite is
 * compiled once for all the stores that this process opens, suite after suite; that is most of what opening one takes.
 */
const held = [];

module.exports = class NativeEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const array of [Float32Array, Float64Array, Int32Array, Uint32Array, BigInt64Array, Uint8Array])
      this.global[array.name] = array;
    if (held.length > 0) return;
    const pglite = join(dirname(require.resolve('@electric-sql/pglite')), 'pglite.wasm');
    held.push(new WebAssembly.Module(readFileSync(pglite)));
  }
};
