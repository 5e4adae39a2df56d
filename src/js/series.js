// Several calls that are made one after another as one: they share a signal, and their settlements are summed.

import { Cancel, ENDED } from "./cancel.js";
import { makeError } from "./error.js";
import { signals } from "./options.js";
import { sumOf } from "./settlement_sum.js";

/** Splits an object into the entries with these names and the others: [those, the others]. */
export function apart(object, names) {
  const others = { ...object };
  const taken = {};
  for (const name of names) {
    if (others[name] !== undefined) taken[name] = others[name];
    delete others[name];
  }
  return [taken, others];
}

export class Series {
  #create;
  #request;
  #cancel;
  #controller = new AbortController();
  #settled = [];

  /** `create(body, request)` makes a call; `given` are the caller's signals. */
  constructor(create, request, given) {
    this.#create = create;
    this.#cancel = new Cancel(given.flatMap(signals));
    this.#request = { ...request, signal: this.#controller.signal };
    this.#cancel.onEnd(() => {
      if (this.#cancel.cause === "abort") this.#controller.abort(this.#cancel.reason);
    });
  }

  get signal() {
    return this.#controller.signal;
  }

  get aborted() {
    return this.#cancel.cause === "abort";
  }

  get closed() {
    return this.#cancel.cause === "closed";
  }

  abort(reason) {
    this.#cancel.end("abort", reason);
  }

  /** One call: { data, response, request_id }. */
  ask(body) {
    if (this.aborted && this.#settled.length > 0) return Promise.reject(this.#aborted());
    const pending = this.#create(body, this.#request);
    this.#settled.push(pending.settled);
    return pending.withResponse();
  }

  /** The result of a promise, unless the caller aborts first. */
  async race(promise) {
    try {
      return await this.#cancel.race(promise);
    } catch (error) {
      throw error === ENDED ? this.#aborted() : error;
    }
  }

  #aborted() {
    return makeError("APIUserAbortError", "The request was aborted.", { cause: this.#cancel.reason });
  }

  /** Ends the series: its listeners are removed from the caller's signals, and whatever still works for it gets the reason. */
  close(reason) {
    this.#cancel.end("closed");
    if (reason !== undefined) this.#controller.abort(reason);
  }

  /** The sum of all calls so far, once they are settled; `empty` is the sum of none. */
  async sum(empty) {
    return this.#settled.length > 0 ? sumOf(await Promise.all(this.#settled)) : empty();
  }
}
