// Event streams of any kind, by the WHATWG standard, as a class that needs no client.

import { SseHandle } from "./hfetch_bg.js";
import { number, refuse } from "./argument.js";
import { isBytes, ownBytes } from "./bytes.js";

const LARGEST_EVENT = 16 * 1024 * 1024;
const MOST = 2 ** 31 - 1; // what wasm memory could hold

export class SseDecoder {
  #handle;

  constructor(options) {
    const { maxEventBytes = LARGEST_EVENT } = options ?? {};
    this.#handle = new SseHandle(number("maxEventBytes", maxEventBytes, { least: 1, most: MOST, whole: true }));
  }

  push(bytes) {
    // By shape: a Uint8Array of another realm is one too.
    if (!isBytes(bytes)) throw refuse("bytes", "must be a Uint8Array");
    if (this.#handle === null) throw refuse("bytes", "came after end()");
    return this.#handle.push(ownBytes(bytes)).map(([event, data, id]) => ({ event, data, id }));
  }

  end() {
    this.#handle?.end();
    this.#handle?.free();
    this.#handle = null;
  }
}
