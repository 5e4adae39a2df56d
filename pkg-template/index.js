// hfetch in one file. It contains the module's bytes, so it needs no second request, no top-level await and no configuration.
import bytes, { digest, size } from "./hfetch_bg.wasm";
import { startAtFirstUse, startLoaded } from "./instantiate.js";
import { moduleOfFile } from "./wasm-file.js";

startAtFirstUse(() => moduleOfFile(digest, size) ?? new WebAssembly.Module(bytes()), () => startLoaded(bytes()));

export * from "./public.js";
export { default } from "./public.js";
