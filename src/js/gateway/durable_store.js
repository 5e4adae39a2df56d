// A LimitStore whose limits hold for every isolate: it asks a LimitObject.

import { ConfigError } from "./client.js";

const TRIES = 3;

class DurableStore {
  #namespace;
  #name;

  constructor(namespace, name) {
    this.#namespace = namespace;
    this.#name = name;
  }

  // One answer that got lost holds a place for ten minutes at most, so that a broken connection is worth a second try.
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

  // An object that was moved or got new code fails its callers once. The stub belongs to the request at hand, and one
  // that has failed stays broken.
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

/** The store behind a binding of LimitObject. Stores of one name share their limits. */
export function durableStore(namespace, name = "limits") {
  if (typeof namespace?.idFromName !== "function") throw new ConfigError("LIMITS: must be the binding of a Durable Object", { path: "LIMITS" });
  if (typeof name !== "string" || name === "") throw new ConfigError("name: must be a string that is not empty", { path: "name" });
  return new DurableStore(namespace, name);
}
