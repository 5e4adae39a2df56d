// Events by name, as programs for the `openai` package listen to them.

export class Listeners {
  #listeners = [];

  on(type, listener) {
    this.#listeners.push({ type, listener });
    return this;
  }

  once(type, listener) {
    this.#listeners.push({ type, listener, once: true });
    return this;
  }

  off(type, listener) {
    this.#listeners = this.#listeners.filter((one) => one.type !== type || one.listener !== listener);
    return this;
  }

  /** What a listener throws is its own affair, and is reported as such. */
  emit(type, ...given) {
    for (const one of this.#listeners.filter((known) => known.type === type)) {
      if (one.once) this.off(type, one.listener);
      try {
        one.listener(...given);
      } catch (error) {
        Promise.reject(error);
      }
    }
  }
}
