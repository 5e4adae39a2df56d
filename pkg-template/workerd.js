// hfetch in Workers and Next's edge runtime. They refuse to compile bytes, so this import must return a WebAssembly.Module. Every bundler for
// them understands `?module`, and some (Nitro's, Next's) understand nothing else.
import module from "./hfetch_bg.wasm?module";
import { start, startAtFirstUse } from "./core.js";

const given = () => module;
startAtFirstUse(given);
try {
  // The module starts before the first visitor. A failure is reported at the first use.
  start(given);
} catch {}

export * from "./public.js";
export { default } from "./public.js";
