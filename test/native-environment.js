/**
 * Jest's Node environment, with the typed arrays of the process. Native code (onnxruntime) makes its arrays from the
 * process's constructors, and a test's own copies of these would not recognise them as typed arrays.
 */
const { TestEnvironment } = require('jest-environment-node');

module.exports = class NativeEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const array of [Float32Array, Float64Array, Int32Array, Uint32Array, BigInt64Array, Uint8Array])
      this.global[array.name] = array;
  }
};
