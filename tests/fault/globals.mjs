// Counts what a package could leave behind; imported before it. Timers are counted by timers.mjs.
import "./timers.mjs";

const { Instance } = WebAssembly;
const Registry = globalThis.FinalizationRegistry;
let memory;
let handles = 0;

WebAssembly.Instance = function (...given) {
  const instance = new Instance(...given);
  memory ??= instance.exports.memory;
  return instance;
};

globalThis.FinalizationRegistry = class extends Registry {
  #held = new WeakMap();
  constructor(finalize) {
    super((value) => {
      handles -= 1;
      finalize(value);
    });
  }
  register(target, value, token) {
    handles += 1;
    if (token !== undefined) this.#held.set(token, true);
    super.register(target, value, token);
  }
  unregister(token) {
    if (this.#held.delete(token)) handles -= 1;
    return super.unregister(token);
  }
};

/** The wasm memory's size, and how many wasm objects JavaScript still holds. */
export const held = () => ({ wasm: memory?.buffer.byteLength ?? 0, handles });
