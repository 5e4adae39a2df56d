// Keeps for each id its script of faults and what happened to each request.

const KEPT = 200; // requests remembered per id; counters have no such limit
const LONGEST_WAIT = 10_000;

const blank = () => ({ requests: 0, open: 0, peak: 0, completed: 0, disconnected: 0, cut: 0, bytes: 0, tokens: 0, bodies: [], headers: [], paths: [] });

export class ScriptBook {
  #entries = new Map();
  sockets = 0;

  #entry(id) {
    let entry = this.#entries.get(id);
    if (!entry) this.#entries.set(id, (entry = { steps: [], counters: blank(), waiters: new Set() }));
    return entry;
  }

  /** Sets the steps of `id` and resets its counters; answers that are still open keep the old counters. */
  script(id, steps) {
    if (!Array.isArray(steps)) throw new TypeError("a script is a list of steps");
    const entry = this.#entry(id);
    entry.steps = steps.flatMap((step) => Array(step.times ?? 1).fill(step));
    entry.counters = blank();
  }

  /**
   * The counters of `id`. With `until` they are held back until the condition is true (10 s at most, then `timedOut` says so): "closed" (no answer is open) or
   * "<counter>:<n>" (that counter has reached n).
   */
  async stats(id, until) {
    const entry = this.#entry(id);
    let timedOut = false;
    if (until) timedOut = !(await this.#reached(entry, condition(until)));
    return { ...structuredClone(entry.counters), left: entry.steps.length, sockets: this.sockets, ...(timedOut && { timedOut }) };
  }

  #reached(entry, holds) {
    if (holds(entry.counters)) return true;
    return new Promise((resolve) => {
      const settle = (reached) => {
        clearTimeout(timer);
        entry.waiters.delete(look);
        resolve(reached);
      };
      const look = () => holds(entry.counters) && settle(true);
      const timer = setTimeout(settle, LONGEST_WAIT, false);
      entry.waiters.add(look);
    });
  }

  /** Counts a request and returns the next step of its script. */
  visit(id, request, response, path) {
    const entry = this.#entry(id);
    const { counters } = entry;
    const changed = () => entry.waiters.forEach((look) => look());
    counters.requests += 1;
    counters.open += 1;
    counters.peak = Math.max(counters.peak, counters.open);
    keep(counters.headers, request.headers);
    keep(counters.paths, `${request.method} ${path}`);
    const visit = {
      step: entry.steps.shift(),
      cutByUs: false,
      told: (tokens) => (counters.tokens += tokens),
      sawBody: (body) => keep(counters.bodies, body),
      sent(bytes) {
        counters.bytes += bytes;
        changed();
      },
    };
    response.once("close", () => {
      counters.open -= 1;
      counters[visit.cutByUs ? "cut" : response.writableFinished ? "completed" : "disconnected"] += 1;
      changed();
    });
    changed();
    return visit;
  }
}

function keep(list, value) {
  list.push(value);
  if (list.length > KEPT) list.shift();
}

function condition(until) {
  if (until === "closed") return (counters) => counters.open === 0;
  const [name, count] = until.split(":");
  if (!(name in blank()) || !Number.isInteger(Number(count))) throw new TypeError(`until: "closed" or "<counter>:<n>", not "${until}"`);
  return (counters) => counters[name] >= Number(count);
}
