// A parser for event streams of any kind (WHATWG standard), as a class that works without a client.

import { SseHandle } from "./hfetch_bg.js";
import { number, refuse } from "./argument.js";
import { isBytes, ownBytes } from "./bytes.js";

const LARGEST_EVENT = 16 * 1024 * 1024;
const MOST = 2 ** 31 - 1; // the most bytes that the module's memory could hold

export class SseDecoder {
  #handle;

  constructor(options) {
    const { maxEventBytes = LARGEST_EVENT } = options ?? {};
    this.#handle = new SseHandle(number("maxEventBytes", maxEventBytes, { least: 1, most: MOST, whole: true }));
  }

  push(bytes) {
    // A Uint8Array of another realm is accepted too.
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
