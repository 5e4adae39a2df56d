import { __wbg_set_wasm } from "./hfetch_bg.js";
// Written by the build: what the module asks for, by module and name.
import { imports } from "./imports.js";

/**
 * Starts a compiled module. Instance's constructor takes a Module of any realm, which wasm-bindgen's own `initSync` doesn't:
 * Next's edge runtime hands out modules of another one.
 */
export function instantiate(module) {
  const { exports } = new WebAssembly.Instance(module, imports);
  __wbg_set_wasm(exports);
  exports.__wbindgen_start();
}
