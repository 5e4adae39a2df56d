// workerd refuses to compile from bytes; there an import of a .wasm file gives a WebAssembly.Module.
import module from "./hfetch_bg.wasm";
import { instantiate } from "./instantiate.js";

instantiate(module);

export * from "./public.js";
export { default } from "./public.js";
