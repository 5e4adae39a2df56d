// How one call ends early: the caller's signal, abort(), or a timeout, whichever comes first.

import { refuse } from "./options.js";

// setTimeout fires at once past 2^31 - 1 ms.
const LONGEST_TIMER = 2 ** 31 - 1;

export const ENDED = Symbol("ended");

export class Cancel {
  cause = null; // "abort" | "connect" | "idle" | "total" | "closed"
  reason = undefined;
  #signal;
  #listener;
  #waiters = new Set();
  #total;

  constructor(signal) {
    if (!signal) return;
    this.#signal = signal;
    this.#listener = () => this.end("abort", reasonOf(signal));
    try {
      if (signal.aborted) this.#listener();
      else signal.addEventListener("abort", this.#listener);
    } catch (cause) {
      throw refuse("signal", "can't be read", cause);
    }
  }

  startTotal(ms) {
    if (ms !== undefined && this.cause === null) this.#total = timer(() => this.end("total"), ms);
  }

  end(cause, reason) {
    if (this.cause !== null) return;
    this.cause = cause;
    this.reason = reason;
    this.release();
    for (const waiter of [...this.#waiters]) waiter(ENDED);
    this.#waiters.clear();
  }

  // Nothing of the call is left on the caller's signal or in the timer queue.
  release() {
    try {
      this.#signal?.removeEventListener("abort", this.#listener);
    } catch {
      // A signal of a caller's making: what it keeps is its own.
    }
    this.#signal = undefined;
    this.#total?.clear();
    this.#total = undefined;
  }

  // `waiter` is called once when the call ends early; the returned function takes it back.
  onEnd(waiter) {
    if (this.cause !== null) waiter(ENDED);
    else this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  // The promise's outcome, or a rejection with ENDED; a value that comes too late goes to `late`.
  race(promise, late) {
    return new Promise((resolve, reject) => {
      let over = false;
      const forget = this.onEnd((ended) => {
        over = true;
        reject(ended);
      });
      Promise.resolve(promise).then(
        (value) => {
          forget();
          if (over) late?.(value);
          else resolve(value);
        },
        (error) => {
          forget();
          reject(error);
        },
      );
    });
  }

  // Sleeps `ms`, or until wake(): `done` resolves then and rejects with ENDED when the call ends early.
  nap(ms) {
    let wake;
    const done = new Promise((resolve, reject) => {
      const alarm = timer(() => wake(), ms);
      const forget = this.onEnd((ended) => {
        alarm.clear();
        reject(ended);
      });
      wake = () => {
        alarm.clear();
        forget();
        resolve();
      };
    });
    return { done, wake };
  }
}

function reasonOf(signal) {
  try {
    return signal.reason;
  } catch {
    return undefined;
  }
}

// A timer of any length that can be cleared.
export function timer(fire, ms) {
  let left = Math.max(0, ms);
  let id;
  const arm = () => {
    const step = Math.min(left, LONGEST_TIMER);
    left -= step;
    id = setTimeout(left > 0 ? arm : fire, step);
  };
  if (left !== Infinity) arm();
  return { clear: () => clearTimeout(id) };
}

// In workerd a promise belongs to the request that made it. Only Workers have this class; to ask for the name in `navigator`
// would have Node compile its own first, a tenth of what a client costs.
export function resolvesAcrossRequests() {
  return !("WebSocketPair" in globalThis);
}
