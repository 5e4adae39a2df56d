// hfetch/slim. It loads nothing: the caller provides the module from wherever it is.
import { HfetchError, compile, startLater, startLoaded, started } from "./core.js";

startLater(() => {
  throw new HfetchError("hfetch/slim is not initialised", { hint: "Call init(source) and await it before anything else." });
});

let ready;

/** Starts the module. Only the first successful call has an effect; after a failure it may be called again. If an entry that loads by itself is there, this does nothing. */
export async function init(source) {
  if (started()) return;
  ready ??= startLoaded(compile(source, "hfetch/slim")).catch((error) => {
    ready = undefined;
    throw error;
  });
  return ready;
}

export * from "./public.js";
export { default } from "./public.js";
