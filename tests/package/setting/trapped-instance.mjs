// Lets a test trap inside the WebAssembly, in the middle of a call of one object. It must be imported before the package.
const { Instance } = WebAssembly;
const real = {};
let victim = 0;

WebAssembly.Instance = function (...given) {
  const instance = new Instance(...given);
  Object.assign(real, instance.exports);
  return {
    exports: {
      ...instance.exports,
      // A request for more than the largest allocation panics, which is a trap, while the object is in use.
      decoderhandle_commit: (pointer, ...rest) => (victim > 0 && (victim -= 1) === 0 ? real.decoderhandle_reserve(pointer, 0xffff_ffff) : real.decoderhandle_commit(pointer, ...rest)),
    },
  };
};

/** Traps when the n-th network chunk from now on is decoded. */
export const trapAt = (chunk) => (victim = chunk);
