/**
 * `hfetch/slim`: the same names as `hfetch`, with nothing loaded. Call {@link init} once before anything else.
 *
 * For pages that want `hfetch.wasm` as a file of its own (streaming compilation, a CDN, subresource integrity).
 *
 * @packageDocumentation
 */
export * from "./hfetch.js";
export { default } from "./hfetch.js";

declare global {
  interface Response {}
  interface URL {}
  namespace WebAssembly {
    interface Module {}
  }
}

/** The bytes of `hfetch.wasm`, a response that carries them, or the compiled module. */
export type WasmSource = ArrayBuffer | ArrayBufferView | WebAssembly.Module | Response;

/**
 * Loads the WebAssembly part, once: later calls wait for the first, and after a failure it may be called again. Where `hfetch` itself
 * is loaded beside it from the same files (in workerd and Next's edge runtime), it has nothing to do.
 * @param source `hfetch.wasm` as bytes, `Response` or module, a promise of one of these, or its address where `fetch` can read it (in Node not `file:`).
 */
export function init(source: WasmSource | URL | string | Promise<WasmSource>): Promise<void>;
