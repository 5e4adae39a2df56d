// Turns of the event loop. Where promises alone follow one another, as in a body that is there at once or gives nothing for ever, no
// timer fires: neither a timeout nor a caller's signal.

/** Reads between two looks at the clock. Who reads counts them: it is a part of each read of a small chunk. */
export const LOOK = 256;
const LONG = 50; // ms of reading
const MANY = 256; // looks: in a Worker no clock goes on before something arrives

export class Turns {
  #looks = 0;
  #since = undefined;

  // Asked after each LOOK reads: a promise of a turn where one is due.
  due() {
    const now = performance.now();
    this.#since ??= now;
    if (now - this.#since < LONG && ++this.#looks < MANY) return undefined;
    this.#looks = 0;
    return new Promise((resolve) => setTimeout(resolve)).then(() => {
      this.#since = performance.now();
    });
  }
}
