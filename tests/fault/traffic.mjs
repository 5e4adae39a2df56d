// The traffic of a soak: calls of every kind through one client, with faults and cancels, and the books of both sides. This file uses no modules of a particular
// runtime.
import { controlOf } from "./control.mjs";
import { clearTimer, setTimer } from "./timers.mjs";

const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const PROMPT = [{ role: "user", content: "one two three" }];
const SOME_BYTES = 900;
const KEYS = ["hf_marker_of_the_soak_1", "hf_marker_of_the_soak_2", "hf_marker_of_the_soak_3"];
const PRICE = { inputPerMillion: 1, outputPerMillion: 2 };
// Every kind of limit counts all the time, and none is ever reached: refused calls aren't sent and would show little.
const LIMITS = { requestsPerMinute: 1e8, tokensPerMinute: 1e12, requestsPerMonth: 1e12, maxConcurrent: 1_000 };
const BUDGET = { usd: 1e6, per: "total" };

const stream = (hf, options) => hf.chat.completions.create({ messages: PROMPT, stream: true, stream_options: { include_usage: true } }, options);

async function readAll(pending) {
  for await (const _ of await pending);
}

async function leave(pending) {
  for await (const _ of await pending) break;
}

async function abortSoon(hf, options, random) {
  const abort = new AbortController();
  const timer = setTimer(() => abort.abort("enough"), random() * 8);
  try {
    await readAll(options.opened(stream(hf, { ...options, signal: abort.signal })));
  } finally {
    clearTimer(timer);
  }
}

/**
 * Kinds of calls: how many (of 100), what the endpoint does at each attempt, how the call is made, and its outcome. For the last kind nobody knows
 * whether the answer or the abort comes first, only that there is exactly one end.
 */
const KINDS = {
  stream: { share: 27, steps: [{}], run: (hf, options) => readAll(options.opened(stream(hf, options))), outcome: "ok" },
  text: { share: 12, steps: [{}], run: async (hf, options) => readAll((await options.opened(stream(hf, options))).text()), outcome: "ok" },
  final: { share: 8, steps: [{ split: 100 }], run: async (hf, options) => (await options.opened(stream(hf, options))).final(), outcome: "ok" },
  chat: { share: 12, steps: [{}], run: (hf, options) => options.opened(hf.chat.completions.create({ messages: PROMPT }, options)), outcome: "ok" },
  embeddings: { share: 6, steps: [{}], run: (hf, options) => options.opened(hf.embeddings.create({ model: "org/model", input: ["one", "two"], dimensions: 8 }, options)), outcome: "ok" },
  retried: { share: 6, steps: [{ status: 500 }, {}], run: (hf, options) => options.opened(hf.chat.completions.create({ messages: PROMPT }, options)), outcome: "ok" },
  rotated: { share: 2, steps: [{ status: 429 }, {}], run: (hf, options) => options.opened(hf.chat.completions.create({ messages: PROMPT }, options)), outcome: "ok" },
  refused: { share: 4, steps: [{ status: 400 }], run: (hf, options) => options.opened(hf.chat.completions.create({ messages: PROMPT }, options)), outcome: "error" },
  left: { share: 8, steps: [{ stallAfter: SOME_BYTES }], run: (hf, options) => leave(options.opened(stream(hf, options))), outcome: "aborted" },
  cut: { share: 5, steps: [{ cutAfter: SOME_BYTES, cut: "end" }], run: (hf, options) => readAll(options.opened(stream(hf, options))), outcome: "truncated" },
  reset: { share: 2, steps: [{ cutAfter: SOME_BYTES }], run: (hf, options) => readAll(options.opened(stream(hf, options))), outcome: "truncated" },
  failing: { share: 4, steps: [{ errorFrame: 3 }], run: (hf, options) => readAll(options.opened(stream(hf, options))), outcome: "error" },
  stalled: { share: 1, steps: [{ stallAfter: SOME_BYTES }], run: (hf, options) => readAll(options.opened(stream(hf, Object.assign(options, { timeout: { idle: 20 } })))), outcome: "error" },
  raced: { share: 3, steps: [{ delayMs: 1 }], run: abortSoon, outcome: null },
};

export const KIND_NAMES = Object.keys(KINDS);

const LOTS = Object.entries(KINDS).flatMap(([kind, { share }]) => Array(share).fill(kind));

/** mulberry32: the same seed produces the same traffic everywhere. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One client, what it has sent and what it has settled. */
export class Traffic {
  #hf;
  #random;
  #hosts;
  #listeners = 0;
  #sent = 0;
  #calls = 0;
  #tries = new Map();
  #settled = { attempts: 0, tokens: 0, usd: 0 };
  books = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, { calls: 0, sent: 0, attempts: 0, settlements: 0, tokens: 0, wrong: 0 }]));
  wrong = [];

  constructor(hfetch, hosts, seed) {
    this.#random = generator(seed);
    this.#hosts = hosts;
    this.#hf = new hfetch.HuggingFace({
      apiKeys: KEYS, baseURL: "http://soak.invalid/v1", model: MODEL, retry: { maxAttempts: 2, baseDelay: 1 },
      limits: LIMITS, pricing: PRICE, budget: BUDGET,
      fetch: (url, init) => this.#fetch(url, init),
    });
  }

  // A signal that the caller keeps for many calls; in a Worker it belongs to one request.
  #lastingSignal() {
    const { signal } = new AbortController();
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...given) => {
      this.#listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given) => {
      this.#listeners -= 1;
      remove(...given);
    };
    return signal;
  }

  // Each request goes to the next address, so that none runs out of ports. The request itself says what is to happen to it.
  #fetch(url, init) {
    const kind = init.headers.get("x-kind");
    const book = this.books[kind];
    book.sent += 1;
    const { steps } = KINDS[kind];
    const tries = this.#triesOf(init.headers.get("x-call"), steps.length);
    init.headers.set("x-endpoint-step", JSON.stringify(steps[tries]));
    const host = this.#hosts[(this.#sent += 1) % this.#hosts.length];
    return fetch(url.replace("http://soak.invalid", `${host}/s/${kind}`), init);
  }

  // How many times a call has been tried, as long as it will be tried again.
  #triesOf(call, steps) {
    const tries = this.#tries.get(call) ?? 0;
    if (tries + 1 >= steps) this.#tries.delete(call);
    else this.#tries.set(call, tries + 1);
    return tries;
  }

  /** Makes so many calls, `atOnce` at a time; none begins after `until`. */
  async make(calls, atOnce, until = Infinity) {
    let left = calls;
    const signal = this.#lastingSignal();
    const work = async () => {
      while (left > 0 && Date.now() < until) {
        left -= 1;
        await this.#call(signal, LOTS[Math.floor(this.#random() * LOTS.length)]);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async #call(signal, kind) {
    const { run, outcome } = KINDS[kind];
    const book = this.books[kind];
    book.calls += 1;
    let pending;
    const inherited = { opened: (one) => (pending = one) };
    const options = Object.assign(Object.create(inherited), {
      signal,
      headers: { "x-kind": kind, "x-call": String((this.#calls += 1)) },
      onSettled: () => (book.settlements += 1),
    });
    const error = await run(this.#hf, options, this.#random).then(() => null, (reason) => reason);
    const settlement = await pending.settled;
    book.attempts += settlement.attempts;
    this.#settled.attempts += settlement.attempts;
    this.#settled.tokens += settlement.usage.total_tokens;
    this.#settled.usd += settlement.cost.usd;
    if (settlement.usage.source === "reported") book.tokens += settlement.usage.total_tokens;
    const fits = outcome === null ? ["ok", "aborted"].includes(settlement.outcome) : settlement.outcome === outcome;
    if (fits) return;
    book.wrong += 1;
    if (this.wrong.length < 20) this.wrong.push(`${kind}: ${settlement.outcome}, ${error}`);
  }

  /** The objects that are left although nothing is running any more. */
  async leftovers(timersLeft) {
    const { inFlight, queued, spend, keys } = this.#hf.snapshot();
    const wrong = [];
    const expect = (holds, what) => holds || wrong.push(what);
    expect(inFlight === 0 && queued === 0, `${inFlight} in flight, ${queued} queued`);
    expect(spend.requests === this.#calls && spend.unpriced === 0, `${this.#calls} calls, ${spend.requests} booked, ${spend.unpriced} of them without a price`);
    const { attempts, tokens, usd } = this.#settled;
    const ofKeys = (name) => keys.reduce((sum, key) => sum + key[name], 0);
    expect(ofKeys("requests") === attempts, `${attempts} tries settled, ${ofKeys("requests")} booked on keys`);
    expect(ofKeys("tokens") === tokens, `${tokens} tokens settled, ${ofKeys("tokens")} booked on keys`);
    expect(Math.abs(spend.usd - usd) <= usd * 1e-9, `settled for $${usd}, $${spend.usd} booked`);
    expect(this.#listeners === 0, `${this.#listeners} listeners on the caller's signal`);
    const timers = await timersLeft();
    expect(timers.length === 0, `${timers.length} timers are left: ${timers[0]}`);
    const open = await this.#open();
    expect(open === 0, `${open} answers open at the endpoint`);
    return wrong;
  }

  // Open connections, asked while the client's process lives: its end would close every socket.
  async #open() {
    const controls = this.#hosts.flatMap((host) => KIND_NAMES.map((kind) => controlOf(host, kind)));
    let open = 0;
    for (const control of controls) open += (await control.stats("closed")).open;
    return open;
  }
}

/** Where the books of both sides differ. `endpoint` has the endpoint's counters by kind. */
export function disagreements(books, endpoint) {
  const wrong = [];
  for (const [kind, book] of Object.entries(books)) {
    const there = endpoint[kind];
    const expect = (holds, what) => holds || wrong.push(`${kind}: ${what}`);
    expect(book.settlements === book.calls, `${book.calls} calls, ${book.settlements} settlements`);
    expect(book.wrong === 0, `${book.wrong} calls ended otherwise`);
    // The endpoint may never have heard of a request that was cut off while it was sent.
    if (KINDS[kind].outcome === null) continue;
    expect(book.attempts === book.sent && book.sent === there.requests, `${book.attempts} tries settled, ${book.sent} sent, ${there.requests} at the endpoint`);
    expect(book.tokens === there.tokens, `${book.tokens} tokens settled, ${there.tokens} at the endpoint`);
  }
  return wrong;
}
