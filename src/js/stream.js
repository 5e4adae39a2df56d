// A chat completion as a stream: it has one reader and one settlement.

import { makeError } from "./error.js";
import { AS_RECEIVED, ChunkReader, readable } from "./pass_through.js";
import { CHUNKS, FOLD, TEXT } from "./pump.js";

const shown = (value) => ({ value, enumerable: true });

// Outside of the class: esbuild renames a class that refers to itself, and consoles would show the new name.
let listening;

export class ChatStream {
  #pump;
  #cancel;
  #controller;
  #owner = null;
  #listens = false;
  #left = false; // by return(), throw() or disposal: every later read gets the end

  // One getter object for all streams. For a getter an engine makes an object shape that refers to it; a getter per stream would keep streams in memory
  // until a full garbage collection.
  static #made = (listening = {
    get() {
      return this.#listen(this.#controller);
    },
    enumerable: true,
  });

  constructor(pump, cancel, controller, response, settled) {
    this.#pump = pump;
    this.#cancel = cancel;
    this.#controller = controller;
    Object.defineProperty(this, "controller", listening);
    Object.defineProperty(this, "response", shown(response));
    Object.defineProperty(this, "settled", shown(settled));
  }

  // The stream's controller belongs to the caller as well, once the caller has read it.
  #listen(controller) {
    if (!this.#listens) controller.signal.addEventListener("abort", () => this.#cancel.end("abort", controller.signal.reason), { once: true });
    this.#listens = true;
    return controller;
  }

  get finishReason() {
    return this.#pump.finishReason;
  }

  get [Symbol.toStringTag]() {
    return "ChatStream";
  }

  [Symbol.asyncIterator]() {
    this.#claim("iteration", CHUNKS);
    return this.#pump;
  }

  next() {
    if (this.#owner !== "next" && !this.#left) this.#claim("next", CHUNKS);
    return this.#pump.next();
  }

  return(value) {
    this.#left = true;
    this.#owner ??= "return()";
    return this.#pump.return(value);
  }

  throw(error) {
    this.#left = true;
    this.#owner ??= "throw()";
    return this.#pump.throw(error);
  }

  text() {
    this.#claim("text()", TEXT);
    return this.#pump;
  }

  final() {
    const pump = this.#pump;
    const result = new Promise((resolve, reject) => pump.whenOver(() => this.#fold(resolve, reject)));
    // A reader that is attached in the same turn comes first.
    queueMicrotask(() => {
      if (pump.over) return;
      if (this.#owner === null) {
        this.#claim("final()", FOLD);
        pump.drain();
      } else if (!pump.passThrough) {
        // If the caller awaits this inside the loop, it must not wait for the loop.
        pump.readAhead();
      }
    });
    return result;
  }

  toReadableStream() {
    this.#claim("toReadableStream()", FOLD);
    this.#pump.passThrough = AS_RECEIVED;
    return readable(new ChunkReader(this.#pump));
  }

  abort(reason) {
    this.#cancel.end("abort", reason);
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    this.#dispose();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.#dispose();
  }

  #dispose() {
    this.#left = true;
    this.#owner ??= "dispose";
    this.#pump.close();
  }

  #claim(owner, mode) {
    // Calling next() by hand and then using `for await` counts as one reader.
    const goesOn = this.#owner === null || (this.#owner === "next" && owner === "iteration");
    if (!goesOn) {
      throw makeError("HfetchError", `${owner}: this stream is already read by ${this.#owner}; a stream has one reader`);
    }
    this.#owner = owner;
    this.#pump.mode = mode;
  }

  #fold(resolve, reject) {
    const { outcome, failure, folded } = this.#pump;
    if (outcome === "ok") resolve(folded());
    else {
      reject(
        failure ??
          makeError("APIUserAbortError", "final(): the stream was left before its end", { partial: folded() }),
      );
    }
  }
}
