// Turns of the event loop. Where promises alone follow one another, as in a body that is there at once or gives nothing for ever, no
// timer fires: neither a timeout nor a caller's signal.

const LOOK = 256; // reads between two looks at the clock
const LONG = 50; // ms of reading
const MANY = 65_536; // reads: in a Worker no clock goes on before something arrives

// Counts what is read.
export class Turns {
  #reads = 0;
  #since = undefined;

  // A promise of a turn where one is due.
  due() {
    if (++this.#reads % LOOK !== 0) return undefined;
    const now = performance.now();
    this.#since ??= now;
    if (now - this.#since < LONG && this.#reads < MANY) return undefined;
    this.#reads = 0;
    return new Promise((resolve) => setTimeout(resolve)).then(() => {
      this.#since = performance.now();
    });
  }
}
