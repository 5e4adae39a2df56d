// Workers and Next's edge runtime refuse to compile from bytes: there this import gives a WebAssembly.Module. Every bundler for
// them knows `?module`; some (Nitro's, Next's) know nothing else.
import module from "./hfetch_bg.wasm?module";
import { start, startAtFirstUse } from "./core.js";

const given = () => module;
startAtFirstUse(given);
try {
  // Before the first visitor. What fails is said at the first use.
  start(given);
} catch {}

export * from "./public.js";
export { default } from "./public.js";
