import { __wbg_set_wasm } from "./hfetch_bg.js";
import { guarded } from "./trap.js";
// Written by the build: what the module asks for, by module and name.
import { imports } from "./imports.js";

let running = false;

/** Whether an entry point that shares this file has started the module: entries for Node, workerd and Next's edge runtime share it with slim. */
export const started = () => running;

/**
 * Starts a compiled module, once: another instance would have another memory, where handles made before mean nothing. Instance's constructor takes a Module of any realm, which wasm-bindgen's own `initSync` doesn't:
 * Next's edge runtime hands out modules of another one.
 */
export function instantiate(module) {
  if (running) return;
  const exports = guarded(new WebAssembly.Instance(module, imports).exports);
  __wbg_set_wasm(exports);
  exports.__wbindgen_start();
  running = true;
}
