// Reads one event-stream body: network chunk → decoder → queue → next(). It ends once, whatever the end, and then
// nothing of it is left: no reader lock, timer, listener or wasm memory.
//
// A hand-written iterator: a generator costs about twice as much a step.

import { cancelReading, discard, release } from "./fetch.js";
import { timer } from "./cancel.js";

const LINGER = 100; // ms
const NOTHING = new Uint8Array(0);

export const CHUNKS = 0;
export const TEXT = 1;
export const FOLD = 2;

export class Pump {
  mode = CHUNKS;
  passThrough = null; // queues network chunks, or what it takes of them, instead of items
  over = false;
  outcome = null; // "ok" | "aborted" | "truncated" | "error"
  failure = null;
  folded = null; // gives the completion, once over
  finishReason = null;
  #exchange;
  #reader = null;
  #decoder;
  #call;
  #cancel;
  #idle;
  #queue = [];
  #at = 0;
  #waiters = [];
  #reading = false;
  #draining = false;
  #since = null; // of the last read
  #alarm = null;
  #forget = () => {};
  #told = false;
  #seenToken = false;
  #onOver = [];

  // `exchange` is what send() resolved with.
  constructor(exchange, decoder, call, cancel, idle) {
    this.#exchange = exchange;
    this.#decoder = decoder;
    this.#call = call;
    this.#cancel = cancel;
    this.#idle = idle;
    this.#alarm = timer(() => this.#tick(), idle);
    this.#forget = cancel.onEnd(() => this.#cancelled());
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#at < this.#queue.length) {
      return Promise.resolve({ value: this.#queue[this.#at++], done: false });
    }
    if (this.over) return this.#afterEnd();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (!this.#reading) this.#read();
    });
  }

  return(value) {
    this.close();
    return Promise.resolve({ value, done: true });
  }

  throw(error) {
    this.close();
    return Promise.reject(error);
  }

  // The quiet end of a reader who has seen enough.
  close() {
    if (!this.over) this.#finish("aborted", null);
    this.#queue = [];
    this.#at = 0;
    this.#told = true;
  }

  // Reads to the end for the fold alone.
  drain() {
    this.mode = FOLD;
    this.readAhead();
  }

  // Reads to the end without being asked; what comes waits for its reader.
  readAhead() {
    this.#draining = true;
    if (!this.over && !this.#reading) this.#read();
  }

  whenOver(listener) {
    if (this.over) listener();
    else this.#onOver.push(listener);
  }

  #read() {
    this.#reading = true;
    this.#since = performance.now();
    if (this.#alarm === null) this.#alarm = timer(() => this.#tick(), this.#idle);
    const { body } = this.#exchange.response;
    if (!body) {
      this.#arrived({ done: true });
      return;
    }
    try {
      this.#reader ??= body.getReader();
      this.#reader.read().then(this.#arrived, this.#lost);
    } catch (error) {
      this.#lost(error);
    }
  }

  #arrived = (read) => {
    this.#reading = false;
    if (this.over) return;
    // A reader that is not the platform's may give anything.
    const { value, done } = read ?? { done: true };
    if (!done && !ArrayBuffer.isView(value)) {
      this.#lost(new TypeError("the body gave something that is not bytes"));
      return;
    }
    let items;
    try {
      items = done ? this.#decoder.end(this.mode) : this.#decoder.push(value, this.mode);
    } catch (error) {
      this.#finish("error", error);
      return;
    }
    if (!this.#seenToken && this.#decoder.delivered_any) {
      this.#seenToken = true;
      this.#call.first_token();
    }
    const over = done || this.#decoder.ended;
    if (this.passThrough !== null) items = this.passThrough.take(done ? NOTHING : value, this.#decoder.tail, over);
    this.#serve(items);
    if (over) this.#finishDecoded();
    else if (this.#waiters.length > 0 || this.#draining) this.#read();
  };

  #serve(items) {
    if (this.#at < this.#queue.length) {
      for (const item of items) this.#queue.push(item);
      return;
    }
    let at = 0;
    while (this.#waiters.length > 0 && at < items.length) {
      this.#waiters.shift().resolve({ value: items[at++], done: false });
    }
    this.#queue = items;
    this.#at = at;
  }

  #lost = (error) => {
    this.#reading = false;
    if (this.over) return;
    if (this.#decoder.has_finish) this.#finish("ok", null);
    else this.#finish("truncated", this.#call.stream_lost(error, this.#partial()));
  };

  #finishDecoded() {
    const fault = this.#decoder.fault();
    if (fault === undefined) {
      this.#finish("ok", null);
      return;
    }
    const truncated = fault.class === "StreamTruncatedError";
    this.#finish(truncated ? "truncated" : "error", this.#call.stream_fault(fault, this.#partial()));
  }

  #cancelled() {
    if (this.over) return;
    this.#queue = [];
    this.#at = 0;
    const error = this.#call.cancelled_error(this.#partial());
    this.#finish(this.#cancel.cause === "abort" ? "aborted" : "error", error);
  }

  #tick() {
    this.#alarm = null;
    const started = this.#since !== null;
    // A consumer that pauses is not timed; one that never comes is.
    if (started && !this.#reading) return;
    const left = started ? this.#since + this.#idle - performance.now() : 0;
    if (left > 0) this.#alarm = timer(() => this.#tick(), left);
    else this.#cancel.end("idle");
  }

  #partial() {
    return this.#decoder.folded()();
  }

  #finish(outcome, error) {
    this.over = true;
    this.outcome = outcome;
    this.failure = error;
    this.#alarm?.clear();
    this.#forget();
    if (outcome === "ok") this.#leaveSocket();
    else this.#closeSocket();
    this.#cancel.end("closed");
    this.#settle();
    for (const waiter of this.#waiters.splice(0)) this.#afterEnd().then(waiter.resolve, waiter.reject);
    for (const listener of this.#onOver.splice(0)) listener();
  }

  #settle() {
    const decoder = this.#decoder;
    this.finishReason = decoder.finish_reason ?? null;
    this.folded = decoder.folded();
    const usage = decoder.usage();
    if (usage) this.#call.reported(0, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens);
    else this.#call.delivered(0, decoder.delivered());
    decoder.free();
    this.#call.close(this.outcome, this.finishReason);
  }

  // After [DONE] the end of the body is due at once: reading it lets the connection be used again.
  #leaveSocket() {
    const reader = this.#reader;
    this.#exchange.forget();
    if (reader === null) return;
    const close = () => {
      alarm.clear();
      cancelReading(reader);
      release(reader);
    };
    const alarm = timer(close, LINGER);
    try {
      reader.read().then(close, close);
    } catch {
      close();
    }
  }

  // cancel() before abort, so that a pending read resolves instead of failing.
  #closeSocket() {
    if (this.#reader === null) {
      discard(this.#exchange.response);
      return;
    }
    cancelReading(this.#reader);
    release(this.#reader);
  }

  #afterEnd() {
    if (this.failure !== null && !this.#told) {
      this.#told = true;
      return Promise.reject(this.failure);
    }
    return Promise.resolve({ value: undefined, done: true });
  }
}
