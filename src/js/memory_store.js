// A store for limits and budgets in the module's memory. storageStore and the gateway's Durable Object write it to storage.

import { StoreHandle } from "./hfetch_bg.js";
import {
  STORE_ADOPT, STORE_BLOCK, STORE_CHANGES, STORE_CORRECT, STORE_EXPIRE, STORE_KNOWS, STORE_NEXT_LOSS, STORE_RELEASE, STORE_RENEW, STORE_RESERVE,
  STORE_RESERVE_AND_TELL, STORE_RESTORE, STORE_SETTLE, STORE_STATE,
} from "./protocol.js";

export class MemoryStore {
  #handle;

  // A journaled store can report its changes.
  constructor(journaled = false) {
    this.#handle = new StoreHandle(journaled);
  }

  // Reserves parts, given as JSON text.
  reserve(parts, now) {
    return this.#handle.ask(STORE_RESERVE, parts, now);
  }

  // The same, and the answer also tells what is left of the limits.
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

  // The whole state.
  state() {
    return this.#handle.ask(STORE_STATE);
  }

  // Takes over a state given as JSON text. Returns the names of the scopes in which its reservations hold something, or undefined if the state can't be read.
  restore(state) {
    return this.#handle.ask(STORE_RESTORE, state);
  }

  // The rows that have changed since the last call; undefined if none has.
  changes() {
    return this.#handle.ask(STORE_CHANGES);
  }

  // Whether a scope is in memory.
  knows(scope) {
    return this.#handle.ask(STORE_KNOWS, scope);
  }

  // Takes over a scope's row given as JSON text. Returns false if the row can't be read.
  adopt(scope) {
    return this.#handle.ask(STORE_ADOPT, scope);
  }

  // Lets time pass, so that old reservations expire.
  expire(now) {
    this.#handle.ask(STORE_EXPIRE, undefined, now);
  }

  // Tells the store the time of its own host, where `now` comes from other hosts.
  correct(own) {
    this.#handle.ask(STORE_CORRECT, undefined, own);
  }

  // When the oldest open reservation will count as lost.
  next_loss() {
    return this.#handle.ask(STORE_NEXT_LOSS);
  }

  free() {
    this.#handle.free();
  }
}
