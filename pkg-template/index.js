// The module's bytes are in this file: no second request, no top-level await, nothing to configure.
import bytes from "./hfetch_bg.wasm";
import { startAtFirstUse } from "./instantiate.js";

startAtFirstUse(() => new WebAssembly.Module(bytes()));

export * from "./public.js";
export { default } from "./public.js";
