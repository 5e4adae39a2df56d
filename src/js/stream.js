// A chat completion as it arrives: one stream, one reader, one settlement.

import { makeError } from "./error.js";
import { AS_RECEIVED, ChunkReader, readable } from "./pass_through.js";
import { CHUNKS, FOLD, TEXT } from "./pump.js";

const shown = (value) => ({ value, enumerable: true });

// Outside of the class: esbuild renames a class that speaks of itself, and consoles would show that name.
let listening;

export class ChatStream {
  #pump;
  #cancel;
  #controller;
  #owner = null;
  #listens = false;
  #left = false; // by return(), throw() or disposal: what follows is the end

  // One getter for all streams: an engine makes a shape of objects for each that it meets, and the shape holds the getter, so that
  // streams with getters of their own stay in memory until all of it is looked through.
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

  // stream.controller is the caller's too, once the caller has it.
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
    // A reader that comes in the same turn goes first.
    queueMicrotask(() => {
      if (pump.over) return;
      if (this.#owner === null) {
        this.#claim("final()", FOLD);
        pump.drain();
      } else if (!pump.passThrough) {
        // Awaited inside the loop, it must not wait for the loop.
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
    // `next()` by hand and then `for await` is one reader going on.
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
