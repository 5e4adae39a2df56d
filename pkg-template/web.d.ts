/**
 * `hfetch/web`: the same names as `hfetch`, for pages that must load fast. The WebAssembly is a separate file, which the bundler includes and which loads while the
 * page is being built. So the page's script has only a sixth of the size of `hfetch`, and the first call waits for the rest.
 *
 * Options are checked at the first call, since the code that checks them is in that file. On a server (`node`, `workerd`, `edge-light`) this entry is `hfetch` itself.
 *
 * @packageDocumentation
 */
export * from "./hfetch.js";
export { default } from "./hfetch.js";

/**
 * Resolves when the WebAssembly is loaded. A client's calls wait for that by themselves; functions that return no promise, such as
 * `estimateTokens`, `RateLimiter` or `snapshot()`, throw an `HfetchError` until then.
 */
export function ready(): Promise<void>;
