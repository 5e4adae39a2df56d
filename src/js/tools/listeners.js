// Event listeners by name, as in the `openai` package.

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

  /** Calls the listeners. What a listener throws is reported and affects nothing else. */
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
