import * as glue from "./hfetch_bg.js";

/**
 * Starts a compiled module. Instance's constructor takes a Module of any realm, which wasm-bindgen's own `initSync` doesn't:
 * Next's edge runtime hands out modules of another one.
 */
export function instantiate(module) {
  const { exports } = new WebAssembly.Instance(module, { "./hfetch_bg.js": glue });
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
}
