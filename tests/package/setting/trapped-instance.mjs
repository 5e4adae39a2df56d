// Imported before the package: lets a test trap inside the wasm, in the middle of a call of one object.
const { Instance } = WebAssembly;
const real = {};
let victim = 0;

WebAssembly.Instance = function (...given) {
  const instance = new Instance(...given);
  Object.assign(real, instance.exports);
  return {
    exports: {
      ...instance.exports,
      // More than an allocation may be: a panic, which is a trap, while the object is borrowed.
      decoderhandle_commit: (pointer, ...rest) => (victim > 0 && (victim -= 1) === 0 ? real.decoderhandle_reserve(pointer, 0xffff_ffff) : real.decoderhandle_commit(pointer, ...rest)),
    },
  };
};

/** The n-th network chunk from now on that is decoded traps. */
export const trapAt = (chunk) => (victim = chunk);
