/**
 * `hfetch/slim`: the same names as `hfetch`, without the WebAssembly. Call {@link init} once before anything else.
 *
 * This entry is for pages that load `hfetch.wasm` as a separate file (streaming compilation, a CDN, subresource integrity).
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

/** The bytes of `hfetch.wasm`, a response with these bytes, or the compiled module. */
export type WasmSource = ArrayBuffer | ArrayBufferView | WebAssembly.Module | Response;

/**
 * Loads the WebAssembly once. Later calls wait for the first, and after a failure it may be called again. If the program also loads `hfetch` itself
 * from the same files (in workerd and Next's edge runtime), this function does nothing.
 * @param source `hfetch.wasm` as bytes, `Response` or module, a promise of one of these, or its URL if `fetch` can read it (in Node not `file:`).
 */
export function init(source: WasmSource | URL | string | Promise<WasmSource>): Promise<void>;
