// For pages: the module is a file beside this one, which comes while the page is still being made. The first call waits for it.
import { HfetchError, arrival, arriveBy, compile, start, startLater, started } from "./core.js";

let coming;

async function load() {
  const module = await compile(new URL("./hfetch_bg.wasm", import.meta.url), "hfetch/web").catch(asText);
  start(() => module);
}

// Bundlers that bring no files along (esbuild, plain Rollup, Vite while developing) bring modules: there the module is in one, as text.
// What failed otherwise fails with that one too, or is lost on the way together with it, and then the first reason says more.
async function asText(reason) {
  const text = await import("./wasm-module.js").catch(() => Promise.reject(reason));
  return compile(text.default(), "hfetch/web");
}

/** Resolves when everything may be used, for what can't wait by itself: `estimateTokens`, `snapshot()` and other functions without a promise. */
export async function ready() {
  await arrival();
}

if (!started()) {
  arriveBy(() => {
    coming ??= load().catch((error) => {
      coming = undefined;
      throw error;
    });
    return coming;
  });
  startLater(() => {
    throw new HfetchError("hfetch/web: the WebAssembly is still on its way", { hint: "Await ready(), or any call of a client, before functions that give no promise." });
  });
  // What fails is said by the first call, which tries again.
  ready().catch(() => {});
}

export * from "./public.js";
export { default } from "./public.js";
