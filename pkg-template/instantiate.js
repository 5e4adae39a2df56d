import * as cancel from "./cancel.js";
import * as error from "./error.js";
import * as fetch from "./fetch.js";
import * as glue from "./hfetch_bg.js";
import * as notify from "./notify.js";
import * as reserve from "./reserve.js";

// What needs no conversion the module imports directly, past the glue.
const imports = {
  "./cancel.js": cancel,
  "./error.js": error,
  "./fetch.js": fetch,
  "./hfetch_bg.js": glue,
  "./notify.js": notify,
  "./reserve.js": reserve,
};

/**
 * Starts a compiled module. Instance's constructor takes a Module of any realm, which wasm-bindgen's own `initSync` doesn't:
 * Next's edge runtime hands out modules of another one.
 */
export function instantiate(module) {
  const { exports } = new WebAssembly.Instance(module, imports);
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
}
