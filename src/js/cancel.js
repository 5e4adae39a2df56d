// How a call ends early: by the caller's signal, abort() or a timeout, whichever comes first.

import { refuse } from "./argument.js";

// For a longer time setTimeout fires at once.
const LONGEST_TIMER = 2 ** 31 - 1;

export const ENDED = Symbol("ended");

// The functions that wait for each of the callers' signals. One listener serves all of them: Node warns about more than ten listeners, and searches through all of them
// to remove one.
const waiting = new WeakMap();

// Calls `tell` once when the signal aborts. The returned function removes `tell`, and with the last one also the listener.
function listen(signal, tell) {
  const { tells, listener } = waiting.get(signal) ?? attach(signal, tell);
  tells.add(tell);
  return () => {
    if (!tells.delete(tell) || tells.size > 0) return;
    waiting.delete(signal);
    try {
      signal.removeEventListener("abort", listener);
    } catch {
      // The caller may have made the signal itself; it then keeps its listener.
    }
  };
}

function attach(signal, first) {
  const tells = new Set([first]); // filled before listening: a signal that a caller has made may call back at once
  const listener = () => {
    for (const tell of [...tells]) tell();
  };
  signal.addEventListener("abort", listener);
  const added = { tells, listener };
  waiting.set(signal, added);
  return added;
}

export class Cancel {
  cause = null; // "abort" | "connect" | "idle" | "total" | "closed"
  reason = undefined;
  waited = undefined; // ms: the length of an idle timeout
  #leave = []; // functions that leave the caller's signals
  #waiters = new Set();
  #total;
  #beat;

  constructor(signals = []) {
    for (const signal of signals) {
      const abort = () => this.end("abort", reasonOf(signal));
      try {
        if (signal.aborted) abort();
        else this.#leave.push(listen(signal, abort));
      } catch (cause) {
        this.release();
        throw refuse("signal", "can't be read", cause);
      }
    }
    if (this.cause !== null) this.release();
  }

  // A second Cancel that ends with this one, and after `ms` at the latest.
  within(ms) {
    const inner = new Cancel();
    inner.startTotal(ms);
    inner.#leave.push(this.onEnd(() => inner.end("closed")));
    return inner;
  }

  startTotal(ms) {
    if (ms !== undefined && this.cause === null) this.#total = timer(() => this.end("total"), ms);
  }

  // Calls `tell` every `ms` until the call ends.
  every(ms, tell) {
    if (this.cause !== null) return;
    this.#beat = timer(() => {
      this.every(ms, tell);
      tell();
    }, ms);
  }

  end(cause, reason, waited) {
    if (this.cause !== null) return;
    this.waited = waited;
    this.cause = cause;
    this.reason = reason;
    this.release();
    for (const waiter of [...this.#waiters]) waiter(ENDED);
    this.#waiters.clear();
  }

  // Removes everything that the call has left on the callers' signals and in the timer queue.
  release() {
    for (const leave of this.#leave.splice(0)) leave();
    this.#total?.clear();
    this.#total = undefined;
    this.#beat?.clear();
  }

  // Calls `waiter` once when the call ends early; the returned function removes it.
  onEnd(waiter) {
    if (this.cause !== null) waiter(ENDED);
    else this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  // The promise's outcome, or a rejection with ENDED. A value that comes too late is passed to `late`.
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

  // Sleeps for `ms` or until wake() is called. `done` then resolves; it rejects with ENDED when the call ends early.
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

// A timer for any length of time, which can be cleared.
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

// Whether one request can resolve a promise of another. In workerd a promise belongs to the request that made it. Only Workers have this class.
// Looking into `navigator` instead would make Node compile its own first, which takes a tenth of the time that a client costs.
export function resolvesAcrossRequests() {
  return !("WebSocketPair" in globalThis);
}
