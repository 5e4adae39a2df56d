// hfetch for bundlers of pages. The client is in a file that hfetch/web and hfetch/ai-sdk import too, so that a page with several of these entries contains it once.
import { startAtFirstUse, startLoaded } from "./core.js";
import bytes from "./wasm-module.js";

startAtFirstUse(() => new WebAssembly.Module(bytes()), () => startLoaded(bytes()));

export * from "./public.js";
export { default } from "./public.js";
