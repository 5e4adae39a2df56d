// Nothing is loaded here: the caller gives the module, from wherever it is.
import { HfetchError } from "./error.js";
import { checkEnvironment, compileError, start, startAtFirstUse, started } from "./instantiate.js";

startAtFirstUse(() => {
  throw new HfetchError("hfetch/slim is not initialised", { hint: "Call init(source) and await it before anything else." });
});

let ready;

/** Idempotent: the first call that succeeds counts; after a failure it may be called again. Beside an entry that loads by itself it does nothing. */
export async function init(source) {
  if (started()) return;
  ready ??= load(source).catch((error) => {
    ready = undefined;
    throw error;
  });
  return ready;
}

async function load(source) {
  checkEnvironment();
  const module = await compile(source);
  start(() => module);
}

// By shape, never by instanceof: modules, buffers and responses may come from another realm.
async function compile(source) {
  const given = await source;
  const tag = Object.prototype.toString.call(given);
  if (tag === "[object WebAssembly.Module]") return given;
  if (ArrayBuffer.isView(given) || tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") {
    return compiled(WebAssembly.compile(given));
  }
  if (typeof given?.arrayBuffer === "function") return compileResponse(given);
  if (typeof given === "string" || typeof given?.href === "string") return compileResponse(await request(given));
  throw new HfetchError("hfetch/slim: init takes bytes, a WebAssembly.Module, a Response, a URL, or a promise of one of these");
}

async function request(url) {
  try {
    return await fetch(url);
  } catch (cause) {
    const hint = /^file:/.test(url) ? "fetch reads no files here: read the file and pass its bytes." : null;
    throw new HfetchError(`hfetch/slim: ${url} could not be loaded`, { hint, cause });
  }
}

async function compileResponse(response) {
  if (response.ok === false) throw new HfetchError(`hfetch/slim: ${response.url} answered ${response.status}`);
  const type = response.headers?.get("content-type") ?? "";
  if (type.startsWith("application/wasm") && WebAssembly.compileStreaming) return compiled(WebAssembly.compileStreaming(response));
  return compiled(WebAssembly.compile(await response.arrayBuffer()));
}

const compiled = (module) => module.catch((cause) => Promise.reject(compileError(cause)));

export * from "./public.js";
export { default } from "./public.js";
