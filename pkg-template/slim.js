// Nothing is loaded here: the caller gives the module, from wherever it is.
import { HfetchError } from "./error.js";
import { __wbg_set_wasm } from "./hfetch_bg.js";
import { instantiate, started } from "./instantiate.js";

const missing = {
  get() {
    throw new HfetchError("hfetch/slim is not initialised: call init(source) and await it before anything else");
  },
};
if (!started()) __wbg_set_wasm(new Proxy({}, missing));

let ready;

/** Idempotent: the first call that succeeds counts; after a failure it may be called again. Beside an entry that loads by itself it does nothing. */
export async function init(source) {
  if (started()) return;
  ready ??= compile(source).then(instantiate).catch((error) => {
    ready = undefined;
    throw error;
  });
  return ready;
}

// By shape, never by instanceof: modules, buffers and responses may come from another realm.
async function compile(source) {
  const given = await source;
  const tag = Object.prototype.toString.call(given);
  if (tag === "[object WebAssembly.Module]") return given;
  if (ArrayBuffer.isView(given) || tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") {
    return WebAssembly.compile(given);
  }
  if (typeof given?.arrayBuffer === "function") return compileResponse(given);
  if (typeof given === "string" || typeof given?.href === "string") return compileResponse(await request(given));
  throw new HfetchError("hfetch/slim: init takes bytes, a WebAssembly.Module, a Response, a URL, or a promise of one of these");
}

async function request(url) {
  try {
    return await fetch(url);
  } catch (cause) {
    const hint = /^file:/.test(url) ? ": fetch reads no files here, read the file and pass its bytes" : "";
    throw new HfetchError(`hfetch/slim: ${url} could not be loaded${hint}`, { cause });
  }
}

async function compileResponse(response) {
  if (response.ok === false) throw new HfetchError(`hfetch/slim: ${response.url} answered ${response.status}`);
  const type = response.headers?.get("content-type") ?? "";
  if (type.startsWith("application/wasm") && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

export * from "./public.js";
export { default } from "./public.js";
