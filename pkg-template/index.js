// The module's bytes are in this file and compiled on import: no second request, no top-level await, nothing to configure.
import bytes from "./hfetch_bg.wasm";
import { instantiate } from "./instantiate.js";

instantiate(new WebAssembly.Module(bytes));

export * from "./public.js";
export { default } from "./public.js";
