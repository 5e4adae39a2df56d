// A limit store that asks a LimitObject, so that its limits hold for all isolates.

import { ConfigError } from "./client.js";

const TRIES = 3;

class DurableStore {
  #namespace;
  #name;

  constructor(namespace, name) {
    this.#namespace = namespace;
    this.#name = name;
  }

  // The question is asked a second time after a broken connection. If only the answer was lost, the first reservation expires after ten minutes.
  reserve(request) {
    return this.#ask((object) => object.reserve(request));
  }

  settle(reservation, actual) {
    return this.#ask((object) => object.settle(reservation, actual));
  }

  release(reservation) {
    return this.#ask((object) => object.release(reservation));
  }

  renew(reservation, word) {
    return this.#ask((object) => object.renew(reservation, word));
  }

  block(scope, until) {
    return this.#ask((object) => object.block(scope, until));
  }

  // After a Durable Object was moved or got new code, one call to it fails. A stub belongs to its request, and one that has failed stays unusable.
  async #ask(question) {
    for (let tries = 1; ; tries++) {
      try {
        return await question(this.#namespace.get(this.#namespace.idFromName(this.#name)));
      } catch (error) {
        if (tries === TRIES || !error?.retryable || error.overloaded) throw error;
      }
    }
  }
}

/** The store behind a binding of LimitObject. Stores with the same name share their limits. */
export function durableStore(namespace, name = "limits") {
  if (typeof namespace?.idFromName !== "function") throw new ConfigError("LIMITS: must be the binding of a Durable Object", { path: "LIMITS" });
  if (typeof name !== "string" || name === "") throw new ConfigError("name: must be a string that is not empty", { path: "name" });
  return new DurableStore(namespace, name);
}
