// hfetch/web in pages. The module is a file next to this one, which loads while the page is still being built. The first call waits for it.
import { HfetchError, arrival, arriveBy, compile, compiling, startLater, startLoaded, started } from "./core.js";

const load = () => startLoaded(compile(new URL("./hfetch_bg.wasm", import.meta.url), "hfetch/web").catch(asText));

// Some bundlers include no files, but they include scripts (esbuild, plain Rollup, Vite's development server): there the module is loaded from a script, as text.
// If that script is missing as well, the first failure is thrown, since it says more.
async function asText(reason) {
  const text = await import("./wasm-module.js").catch(() => Promise.reject(reason));
  return compile(compiling(text.default), "hfetch/web");
}

/** Resolves when the module runs, for functions that return no promise and so can't wait for it: `estimateTokens`, `snapshot()` and others. */
export async function ready() {
  await arrival();
}

if (!started()) {
  arriveBy(load);
  startLater(() => {
    throw new HfetchError("hfetch/web: the WebAssembly is still on its way", { hint: "Await ready(), or any call of a client, before functions that give no promise." });
  });
  // The first call tries again and reports a failure.
  ready().catch(() => {});
}

export * from "./public.js";
export { default } from "./public.js";
