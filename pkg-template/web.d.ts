/**
 * `hfetch/web`: the same names as `hfetch`, for pages that are to load at once. The WebAssembly is a file of its own, which the bundler brings along
 * and which comes while the page is being made: the page's script is a sixth of `hfetch`'s, and the first call waits for the rest.
 *
 * Options are checked with the first call, since what checks them is in that file. On a server (`node`, `workerd`, `edge-light`) this is `hfetch` itself.
 *
 * @packageDocumentation
 */
export * from "./hfetch.js";
export { default } from "./hfetch.js";

/**
 * Resolves when everything may be used. Calls of a client wait by themselves; functions that give no promise, such as
 * `estimateTokens`, `RateLimiter` or `snapshot()`, throw an `HfetchError` until then.
 */
export function ready(): Promise<void>;
