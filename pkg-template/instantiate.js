import { arriveAtFirstUse, hasArrived, isHere } from "./arrival.js";
import { HfetchError } from "./error.js";
import { __wbg_set_wasm, prepareText } from "./hfetch_bg.js";
import { guarded } from "./trap.js";
// The build writes this file: the functions that the module imports, by module and name.
import { imports } from "./imports.js";

// The running module's functions. (The name isn't "exports", since hosts that wrap modules in a function have an argument of that name.)
let running;

/** Whether the module runs. All entries that import this file share it; in Workers that includes hfetch/slim. */
export const started = () => running !== undefined;

/**
 * Starts the module at its first use, since an import alone must not break a program, wherever it is loaded. `compile` returns the compiled module, or
 * throws if there is none; it is then called again at the next use. Where the engine refuses this module's size, calls wait for the promise of `later`.
 */
export function startAtFirstUse(compile, later) {
  ask(compile);
  arriveAtFirstUse(() => startNow(compile, later));
}

function startNow(compile, later) {
  try {
    start(compile);
  } catch (error) {
    if (!TOO_LARGE.test(error.message)) throw error;
    return later();
  }
}

/** For an entry whose module is still loading: until then `refuse` throws the error of every use. An entry that already has its module wins. */
export function startLater(refuse) {
  if (!isHere()) ask(refuse);
}

function ask(compile) {
  if (started()) return;
  const get = (_, name) => {
    start(compile);
    return running[name];
  };
  __wbg_set_wasm(new Proxy({}, { get }));
}

/**
 * Starts the module once. A second instance would have its own memory, in which existing handles mean nothing. The constructor of Instance accepts a Module of any realm, unlike wasm-bindgen's own
 * `initSync`; Next's edge runtime provides modules of another realm.
 */
export function start(compile) {
  if (started()) return;
  run(compiling(() => new WebAssembly.Instance(compile(), imports)));
}

/** The same in the background, where no engine has a limit of size. `source` is a promise of the compiled module, or the module's bytes. */
export async function startLoaded(source) {
  const given = await source; // first, since a source tells what is missing where there is no WebAssembly
  const made = await compiled(WebAssembly.instantiate(given, imports));
  // Another entry may have started its own meanwhile.
  if (!started()) run(made.instance ?? made);
}

function run(instance) {
  prepareText();
  running = guarded(instance.exports);
  __wbg_set_wasm(running);
  running.__wbindgen_start();
  hasArrived();
}

/** Throws an error that names what this environment lacks and the module or its glue needs. */
function checkEnvironment() {
  for (const [name, advice] of Object.entries(NEEDED)) {
    if (globalThis[name] === undefined) throw new HfetchError(`hfetch: this environment has no ${name}`, { hint: `${advice}.` });
  }
}

/** Returns the result of `work`, which compiles something. If the engine forbids WebAssembly, its error becomes one with advice. */
export function compiling(work) {
  checkEnvironment();
  try {
    return work();
  } catch (cause) {
    throw compileError(cause);
  }
}

function compileError(cause) {
  if (cause instanceof HfetchError) return cause;
  const message = cause?.message ?? cause;
  return new HfetchError(`hfetch: WebAssembly can't be started here: ${message}`, { hint: `${adviceFor(message)}.`, cause });
}

function adviceFor(message) {
  if (TOO_LARGE.test(message)) return LATER;
  if (/out of memory/i.test(message)) return NO_ROOM;
  return "WebSocketPair" in globalThis || "EdgeRuntime" in globalThis ? ON_THE_EDGE : IN_A_PAGE;
}

/**
 * Returns the compiled module of any source. The source is recognised by its members and not by instanceof, since modules, buffers and responses may come from another realm.
 * Errors name the `entry` that needed it.
 */
export async function compile(source, entry) {
  checkEnvironment();
  const given = await source;
  const tag = Object.prototype.toString.call(given);
  if (tag === "[object WebAssembly.Module]") return given;
  if (ArrayBuffer.isView(given) || tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") {
    return compiled(WebAssembly.compile(given));
  }
  if (typeof given?.arrayBuffer === "function") return compileResponse(given, entry);
  if (typeof given === "string" || typeof given?.href === "string") return compileResponse(await request(given, entry), entry);
  throw new HfetchError(`${entry}: init takes bytes, a WebAssembly.Module, a Response, a URL, or a promise of one of these`);
}

async function request(url, entry) {
  try {
    return await fetch(url);
  } catch (cause) {
    const hint = /^file:/.test(url) ? "fetch reads no files here: read the file and pass its bytes." : null;
    throw new HfetchError(`${entry}: ${url} could not be loaded`, { hint, cause });
  }
}

async function compileResponse(response, entry) {
  if (response.ok === false) throw new HfetchError(`${entry}: ${response.url} answered ${response.status}`);
  const type = response.headers?.get("content-type") ?? "";
  if (type.startsWith("application/wasm") && WebAssembly.compileStreaming) return compiled(WebAssembly.compileStreaming(response));
  return compiled(WebAssembly.compile(await response.arrayBuffer()));
}

const compiled = (module) => module.catch((cause) => Promise.reject(compileError(cause)));

const COPY = "Jest's jsdom environment leaves it out: take the environment jest-fixed-jsdom, or copy it from node:util to globalThis";
const NEEDED = {
  WebAssembly: "React Native's engine is one of those: call a server that runs hfetch, such as hfetch/gateway, with fetch",
  TextDecoder: COPY,
  TextEncoder: COPY,
};
// What Chromium before 115 says on a page's thread: there its constructors of Module and Instance refuse modules over 4 KB.
const TOO_LARGE = /on the main thread/;
const LATER = "Await a call of a client before functions that give no promise, or import hfetch/web and await ready()";
// V8 reserves gigabytes of addresses for a module's memory, and so finds no room below a limit that Node itself can live with.
const NO_ROOM = "There is no memory, or there are too few addresses, for the module. In Node, raise the limit of addresses (ulimit -v), or take the flag --disable-wasm-trap-handler";
const IN_A_PAGE = "The Content-Security-Policy of a page or an extension needs script-src 'wasm-unsafe-eval'";
const ON_THE_EDGE =
  'Here the bundler must bring the module along: Nuxt on Cloudflare with nitro.experimental.wasm: true, Nitro with experimental.wasm: true, ' +
  'Next with serverExternalPackages: ["hfetch"], any other with the condition "workerd"';
