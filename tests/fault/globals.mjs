// Counts what a package could leave behind; it must be imported before the package. timers.mjs counts timers.
import "./timers.mjs";

const { Instance } = WebAssembly;
const Registry = globalThis.FinalizationRegistry;
const memories = []; // of every instance, since the package makes more than one
let handles = 0;

WebAssembly.Instance = function (...given) {
  const instance = new Instance(...given);
  if (instance.exports.memory) memories.push(new WeakRef(instance.exports.memory));
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

/** The size of the WebAssembly memories, and how many WebAssembly objects JavaScript still holds. */
export const held = () => ({ wasm: memories.reduce((sum, memory) => sum + (memory.deref()?.buffer.byteLength ?? 0), 0), handles });
