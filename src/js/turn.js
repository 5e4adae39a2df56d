// Gives the event loop a turn. While promises follow each other without a pause, as with a body that is in memory or that sends empty parts for ever, no timer
// fires, so that neither a timeout nor a caller's signal would work.

/** How many reads there are between two readings of the clock. The reader counts them itself, since counting is part of each read of a small chunk. */
export const LOOK = 256;
const LONG = 50; // ms of reading
const MANY = 256; // readings of the clock; in a Worker the clock stands still until something arrives

export class Turns {
  #looks = 0;
  #since = undefined;

  // Is called after every LOOK reads; returns a promise of a turn if one is due.
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
