// The same for bundlers of pages: the client is a file that hfetch/web and hfetch/ai-sdk have too, so that a page with several of them has it once.
import { startAtFirstUse } from "./core.js";
import bytes from "./wasm-module.js";

startAtFirstUse(() => new WebAssembly.Module(bytes()));

export * from "./public.js";
export { default } from "./public.js";
