// Reads the body of one event stream: network chunk → decoder → queue → next(). It ends exactly once, and then nothing of it is left: no lock on
// a stream that goes on, no timer, listener or memory in the module.
//
// The iterator is written by hand, since a generator costs about twice as much per step.

import { close } from "./call.js";
import { isBytes, lengthOf } from "./bytes.js";
import { LONGEST, Unreadable, checkStream, discard, leave, notBytes, openReader, stopReading, tooLarge } from "./fetch.js";
import { timer } from "./cancel.js";
import { StreamTruncatedError, makeError, traced } from "./error.js";
import { trapped } from "./trap.js";
import { LOOK, Turns } from "./turn.js";

const NOTHING = new Uint8Array(0);
const LONGEST_LOOK = 1_000; // ms between two checks of a reader that may be another program
const LOOKS = 8; // checks of a pending read within the idle timeout; reading the clock at every read would take a tenth of the time of a small chunk

export const CHUNKS = 0;
export const TEXT = 1;
export const FOLD = 2;

// Stands for a decoder that has failed and can't be asked any more.
const BROKEN = {
  partial: () => null,
  account: (call) => call.took(0, [], "", false) ?? {},
};

export class Pump {
  mode = CHUNKS;
  unread = 0; // ms that queued items may wait for their reader, at most the idle timeout; 0: without limit
  wasUnread = false;
  passThrough = null; // the filter for network chunks, which are then queued instead of items
  over = false;
  outcome = null; // "ok" | "aborted" | "truncated" | "error"
  failure = null;
  folded = null; // a function that returns the completion, once the stream is over
  finishReason = null;
  #sent;
  #reader = null;
  #decoder;
  #call;
  #cancel;
  #idle;
  #queue = [];
  #at = 0;
  #waiters = []; // calls of next() that wait behind the one that reads
  #reading = false;
  #draining = false;
  #started = false;
  #size = 0; // bytes
  #looks = 0; // since the last read that brought bytes began or ended
  #empty = false; // the last read brought no byte
  #reads = 0;
  #turns = new Turns();
  #alarm = null;
  #forget = () => {};
  #told = false;
  #flags = 0; // the decoder's flags when they were last read
  #seenToken = false;
  #hasEvent = false;
  #onOver = [];

  // `sent` is what the driver resolved with.
  constructor(sent, decoder, call, cancel, idle) {
    checkStream(sent.response.body);
    this.#sent = sent;
    this.#decoder = decoder;
    this.#call = call;
    this.#cancel = cancel;
    this.#idle = idle;
    this.#watch();
    this.#forget = cancel.onEnd(() => this.#cancelled());
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#at < this.#queue.length) {
      this.#looks = 0;
      return Promise.resolve({ value: this.#queue[this.#at++], done: false });
    }
    if (this.over) return this.#afterEnd();
    return this.#reading ? this.#wait() : this.#readStep();
  }

  // By itself, as #lostBy and #brokenBy are: a function that holds another one takes memory for what that sees whenever it is called.
  #wait() {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(value) {
    this.close();
    return Promise.resolve({ value, done: true });
  }

  throw(error) {
    this.close();
    return Promise.reject(error);
  }

  // Ends the stream without an error, because its reader has seen enough.
  close() {
    if (!this.over) this.#finish("aborted", null);
    this.#queue = [];
    this.#at = 0;
    this.#told = true;
  }

  // Reads to the end, only to accumulate the completion.
  drain() {
    this.mode = FOLD;
    this.readAhead();
  }

  // Reads to the end without being asked; the items wait for their reader.
  readAhead() {
    this.#draining = true;
    if (!this.over && !this.#reading) this.#readAlone();
  }

  whenOver(listener) {
    if (this.over) listener();
    else this.#onOver.push(listener);
  }

  // next() returns the read's own promise: one more promise would be the most expensive part of a small chunk.
  #readStep() {
    return this.#read().then(this.#step, this.#lostStep);
  }

  #readAlone() {
    this.#read().then(this.#arrived, this.#lost);
  }

  #read() {
    this.#reading = true;
    this.#started = true;
    if (!this.#empty) this.#looks = 0;
    if (this.#alarm === null) this.#watch();
    try {
      this.#reader ??= openReader(this.#sent.response.body);
      const turn = ++this.#reads % LOOK === 0 ? this.#turns.due() : undefined;
      return turn === undefined ? this.#reader.read() : turn.then(this.#readOn);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  // If the stream has ended in the meantime, nothing is read.
  #readOn = () => (this.over ? { done: true } : this.#reader.read());

  #step = (read) => {
    if (this.over) return this.#rest();
    const end = this.#decode(read);
    if (this.#at === this.#queue.length) {
      if (end === null) return this.#readStep();
      this.#goOn(end);
      return this.#rest();
    }
    const step = { value: this.#queue[this.#at++], done: false };
    if (end !== null || this.#waiters.length > 0 || this.#draining) this.#goOn(end);
    return step;
  };

  #lostStep = (error) => {
    this.#lost(error);
    return this.#rest();
  };

  #arrived = (read) => {
    if (!this.over) this.#goOn(this.#decode(read));
  };

  #lost = (error) => {
    this.#reading = false;
    if (!this.over) this.#conclude(() => this.#finishLost(error));
  };

  // Queues what was read. Returns the function that ends the stream, or null if the stream goes on. The code for every read is kept in few
  // and short functions, because an engine interprets much of what a page reads.
  #decode({ value, done }) {
    this.#reading = false;
    if (!done && !isBytes(value)) return this.#lostBy(notBytes());
    const size = done ? 0 : lengthOf(value);
    this.#empty = size === 0;
    if (size > 0) this.#looks = 0;
    this.#size += size;
    if (this.#size > LONGEST) return this.#lostBy(tooLarge(LONGEST));
    try {
      if (done || this.passThrough !== null) return this.#takeOther(value, done);
      const decoder = this.#decoder;
      this.#enqueue(decoder.push(value, size, this.mode));
      return decoder.flags === this.#flags ? null : this.#learn(false);
    } catch (cause) {
      return this.#brokenBy(cause);
    }
  }

  #lostBy(error) {
    return () => this.#finishLost(error);
  }

  #brokenBy(cause) {
    return () => this.#finishBroken(cause);
  }

  #takeOther(value, done) {
    const decoder = this.#decoder;
    const through = this.passThrough;
    const bytes = done ? NOTHING : through.whole(value);
    if (bytes === undefined) return this.#lostBy(new Unreadable("an event of the stream is too large to be handed on"));
    const items = done ? this.#end(false) : decoder.push(bytes, lengthOf(bytes), this.mode);
    const end = this.#learn(done);
    const over = end !== null;
    this.#enqueue(through === null ? items : through.take(bytes, decoder.tail, over, over && decoder.failed));
    return end;
  }

  // Reads the decoder's flags, which seldom change. Returns the function that ends the stream, or null.
  #learn(done) {
    const decoder = this.#decoder;
    this.#flags = decoder.flags;
    if (!this.#seenToken && decoder.delivered_any) {
      this.#seenToken = true;
      this.#call.first_token();
    }
    if (done || decoder.ended) return () => this.#finishDecoded();
    if (!this.#hasEvent && decoder.has_event) this.#begin();
    return null;
  }

  #enqueue(items) {
    if (this.#at < this.#queue.length) {
      for (const item of items) this.#queue.push(item);
    } else {
      this.#queue = items;
      this.#at = 0;
    }
  }

  #dequeue() {
    return this.#at < this.#queue.length ? { value: this.#queue[this.#at++], done: false } : undefined;
  }

  #goOn(end) {
    while (this.#waiters.length > 0 && this.#at < this.#queue.length) this.#waiters.shift().resolve(this.#dequeue());
    if (end !== null) this.#conclude(end);
    else if (this.#waiters.length > 0 || this.#draining) this.#readAlone();
  }

  // If a trap happens while the stream is being ended, the trap is the end.
  #conclude(end) {
    try {
      end();
    } catch (cause) {
      this.#finishBroken(cause);
    }
  }

  // Bytes that the filter holds back belong to the body too.
  #end(lost) {
    const held = this.passThrough?.held() ?? NOTHING;
    if (held.length > 0) this.#decoder.push(held, held.length, this.mode);
    return this.#decoder.end(this.mode, lost);
  }

  // Whether the stream was complete although its body broke off. Readers that wait get the last items.
  #isWhole() {
    const items = this.#end(true);
    const { tail, failed } = this.#decoder;
    if (this.passThrough === null) this.#enqueue(items);
    else if (!failed) this.#enqueue(this.passThrough.take(NOTHING, tail, true, false));
    return !failed;
  }

  #finishLost(error) {
    if (this.#isWhole()) {
      this.#finish("ok", null);
      return;
    }
    const partial = this.#partial();
    const told = this.#decoder.fault(this.#call, partial);
    // The server may have said what went wrong before the connection broke.
    this.#finishWith(told instanceof StreamTruncatedError ? this.#call.stream_lost(error, partial) : told);
  }

  // The decoder itself has failed and must not be asked any more: a trap leaves its object locked.
  #finishBroken(cause) {
    this.#decoder = BROKEN;
    this.#finish("error", makeError("StreamError", "The stream could not be decoded: see cause.", { cause: trapped(cause).cause }));
  }

  #finishDecoded() {
    if (!this.#decoder.failed) {
      this.#finish("ok", null);
      return;
    }
    this.#finishWith(this.#decoder.fault(this.#call, this.#partial()));
  }

  #finishWith(error) {
    this.#finish(error instanceof StreamTruncatedError ? "truncated" : "error", error);
  }

  #cancelled() {
    if (!this.over) this.#conclude(() => this.#finishCancelled());
  }

  #finishCancelled() {
    // A stream that stalls after its last finish_reason is complete, like one that breaks off there.
    if ((this.#cancel.cause === "idle" || this.wasUnread) && this.#isWhole()) {
      this.#finish("ok", null);
      return;
    }
    this.#queue = [];
    this.#at = 0;
    const error = this.#call.cancelled_error(this.#partial());
    this.#finish(this.#cancel.cause === "abort" ? "aborted" : "error", error);
  }

  // From now on a reader that may be another program is timed and checked more often.
  timeReader(ms) {
    this.unread = ms;
    if (!this.over) this.#watch();
  }

  #watch() {
    this.#alarm?.clear();
    this.#alarm = timer(this.#look, this.#pace());
  }

  #pace() {
    return Math.min(Math.min(this.#idle, this.#call.idle_after) / LOOKS, this.unread > 0 ? LONGEST_LOOK : Infinity);
  }

  #look = () => {
    this.#alarm = null;
    const waits = this.#started && !this.#reading;
    // A program's own loop may pause for any time; only a reader that never comes is timed.
    if (waits && this.unread === 0) return;
    this.#looks++;
    const longest = waits ? Math.min(this.unread, this.#idle) : this.#idle;
    // The first check may have come right after the read began.
    if (this.#looks * this.#pace() <= longest) this.#watch();
    else if (waits) this.#leaveUnread(longest);
    else this.#cancel.end("idle", undefined, this.#idle);
  };

  #leaveUnread(ms) {
    this.wasUnread = true;
    this.#cancel.end("abort", new DOMException(`nobody has read the stream for ${ms} ms (timeout.idle)`, "TimeoutError"));
  }

  // After the first event the model is generating, so its timeout becomes shorter.
  #begin() {
    this.#hasEvent = true;
    this.#idle = this.#call.idle_after;
  }

  #partial() {
    return this.#decoder.partial();
  }

  #finish(outcome, error) {
    this.over = true;
    this.passThrough?.letGo();
    this.outcome = outcome;
    this.failure = traced(error, this.#call.site);
    this.#alarm?.clear();
    this.#forget();
    const reader = this.#reader;
    if (outcome === "ok") {
      this.#sent.forget();
      if (reader !== null) leave(reader);
    } else if (reader !== null) stopReading(reader);
    else discard(this.#sent.response);
    this.#settle();
    // The waiting readers are dismissed in a microtask, so that the next() that reads is answered first.
    if (this.#waiters.length > 0) queueMicrotask(() => this.#dismiss());
    for (const listener of this.#onOver.splice(0)) listener();
  }

  #dismiss() {
    for (const waiter of this.#waiters.splice(0)) Promise.resolve(this.#rest()).then(waiter.resolve, waiter.reject);
  }

  #settle() {
    try {
      this.#account();
    } catch (fault) {
      // The number of delivered tokens is no longer known, so the call's own estimate counts.
      this.outcome = "error";
      this.failure ??= fault;
      this.folded = BROKEN.partial;
    }
    close(this.#call, this.#cancel, this.outcome, this.finishReason);
  }

  #account() {
    // If the reader reads nothing, the model may still write into the buffers in between.
    if (this.outcome !== "ok" && this.unread > 0 && !this.#reading && this.#looks > 1) this.#call.unread();
    const { finishReason = null, folded = BROKEN.partial } = this.#decoder.account(this.#call, this.outcome === "ok", this.failure === null);
    this.finishReason = finishReason;
    this.folded = folded;
  }

  // Returns the remaining items, then the end.
  #rest() {
    return this.#dequeue() ?? this.#afterEnd();
  }

  #afterEnd() {
    if (this.failure !== null && !this.#told) {
      this.#told = true;
      return Promise.reject(this.failure);
    }
    return Promise.resolve({ value: undefined, done: true });
  }
}
