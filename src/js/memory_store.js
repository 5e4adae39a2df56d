// Limits and budgets that this module's memory counts for others to share: what storageStore and the gateway's object put into storage.

import { StoreHandle } from "./hfetch_bg.js";
import {
  STORE_ADOPT, STORE_BLOCK, STORE_CHANGES, STORE_CORRECT, STORE_EXPIRE, STORE_KNOWS, STORE_NEXT_LOSS, STORE_RELEASE, STORE_RENEW, STORE_RESERVE,
  STORE_RESERVE_AND_TELL, STORE_RESTORE, STORE_SETTLE, STORE_STATE,
} from "./protocol.js";

export class MemoryStore {
  #handle;

  // One that is journaled tells its changes.
  constructor(journaled = false) {
    this.#handle = new StoreHandle(journaled);
  }

  // Parts as JSON text.
  reserve(parts, now) {
    return this.#handle.ask(STORE_RESERVE, parts, now);
  }

  // The same answer, with what is left of the limits.
  reserve_and_tell(parts, now) {
    return this.#handle.ask(STORE_RESERVE_AND_TELL, parts, now);
  }

  settle(reservation, tokens, usd, now) {
    this.#handle.ask(STORE_SETTLE, reservation, tokens, usd, now);
  }

  release(reservation) {
    this.#handle.ask(STORE_RELEASE, reservation);
  }

  renew(reservation, now) {
    this.#handle.ask(STORE_RENEW, reservation, now);
  }

  block(scope, until) {
    this.#handle.ask(STORE_BLOCK, scope, until);
  }

  // All there is to remember.
  state() {
    return this.#handle.ask(STORE_STATE);
  }

  // Takes over a state as JSON text: the scopes that its reservations hold something of, or undefined where it makes no sense.
  restore(state) {
    return this.#handle.ask(STORE_RESTORE, state);
  }

  // The rows that have changed since the last time; undefined where none has.
  changes() {
    return this.#handle.ask(STORE_CHANGES);
  }

  // Whether a scope is in memory.
  knows(scope) {
    return this.#handle.ask(STORE_KNOWS, scope);
  }

  // Takes a scope's row as JSON text; false where it makes no sense.
  adopt(scope) {
    return this.#handle.ask(STORE_ADOPT, scope);
  }

  // Lets time pass.
  expire(now) {
    this.#handle.ask(STORE_EXPIRE, undefined, now);
  }

  // The time of the host that keeps the store, where `now` is that of others.
  correct(own) {
    this.#handle.ask(STORE_CORRECT, undefined, own);
  }

  // When the oldest open reservation will be taken for lost.
  next_loss() {
    return this.#handle.ask(STORE_NEXT_LOSS);
  }

  free() {
    this.#handle.free();
  }
}
