// Wherever the module traps, the affected call ends with a typed error and one settlement, and everything else goes on.
import { stackPointer, trapAt } from "./instance.mjs";
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { trapsOnPurpose } from "../../../scripts/check-package.mjs";
import { PROMPT, drain, failure, hfetch, scripted } from "../setting/installed.mjs";

// The first use starts the module.
hfetch.version();
const STACK = stackPointer();
const uncaught = [];
const remember = (reason) => uncaught.push(reason);
const events = ["unhandledRejection", "uncaughtExceptionMonitor"];
before(() => events.forEach((event) => process.on(event, remember)));
after(() => {
  events.forEach((event) => process.off(event, remember));
  assert.deepEqual(uncaught, []);
});

test("this build would not be published", async () => {
  assert.notDeepEqual(await trapsOnPurpose(process.env.HFETCH_PACKAGE), []);
});

// What is printed on the console; a loss of state is.
let said = [];
const { warn } = console;
console.warn = (message) => said.push(message);
after(() => (console.warn = warn));
afterEach(() => {
  said = [];
  trapAt("open", 0);
  assert.equal(stackPointer(), STACK, "the stack is as deep as before");
});

const SLOTS = 4;

/** A client with limits, and a function for each kind of call. */
function calls(options = {}, ...steps) {
  const script = scripted(...steps);
  const settlements = [];
  const hf = script.client({
    onSettled: (one) => settlements.push(one),
    limits: { maxConcurrent: SLOTS, onLimit: "error" },
    embeddings: { batchSize: 1, concurrency: 3 },
    retry: false,
    ...options,
  });
  const stream = (request) => hf.chat.completions.create({ messages: PROMPT, stream: true }, request);
  const make = {
    chat: (request) => hf.chat.completions.create({ messages: PROMPT }, request),
    stream,
    embeddings: (request) => hf.embeddings.create({ model: "org/model", input: ["one", "two", "three", "four"] }, request),
  };
  return { ...script, hf, settlements, make };
}

/** Lets a call run to its end: { answer, error, settled }. */
async function ended(pending) {
  let answer;
  let error = null;
  try {
    answer = await pending;
    if (answer instanceof hfetch.ChatStream) {
      const read = await drain(answer);
      if (read.error) throw read.error;
    }
  } catch (thrown) {
    error = thrown;
  }
  return { answer, error, settled: await pending.settled };
}

function assertFault(error) {
  assert.ok(error instanceof hfetch.HfetchError, String(error?.stack ?? error));
  assert.equal(error.cause?.name, "RuntimeError", String(error.stack));
}

/** Checks after a trap: the other open stream ends well, every kind of call works, every place is free, and nothing is open. */
async function assertUnharmed({ hf, make, settlements, closed }, reading, other) {
  assert.equal((await drain(reading)).error, null);
  assert.equal((await other.settled).outcome, "ok");
  const before = settlements.length;
  for (const kind of Object.keys(make)) {
    const { error, settled } = await ended(make[kind]());
    assert.equal(error, null, kind);
    assert.equal(settled.outcome, "ok", kind);
  }
  const streams = await Promise.all(Array.from({ length: SLOTS }, () => make.stream()));
  for (const one of streams) assert.equal((await drain(one)).error, null);
  assert.equal(settlements.length, before + 3 + SLOTS);
  const { inFlight, queued } = hf.snapshot();
  assert.deepEqual([inFlight, queued], [0, 0]);
  await closed();
}

const ALL = ["chat", "stream", "embeddings"];

// [place, how many times it is reached before, calls that reach it, what is lost]
const HITS = [
  ["open", 1, ALL],
  ["send", 1, ALL],
  ["send", 3, ["embeddings"]],
  ["admitted", 1, ALL],
  ["admitted", 2, ["embeddings"]],
  ["sent", 1, ALL],
  ["sent", 2, ["embeddings"]],
  ["headers", 1, ALL],
  ["headers", 2, ["embeddings"]],
  ["decode", 1, ["stream"]],
  ["decode", 3, ["stream"]],
  ["fold", 1, ["stream"]],
  ["rows", 1, ["embeddings"]],
  ["rows", 2, ["embeddings"]],
  ["book", 1, ALL],
  ["book", 2, ["embeddings"]],
  ["limits", 1, ALL, /lost what its limits had counted/],
  ["limits", 2, ["chat", "stream"], /lost what its limits had counted/],
  ["keys", 1, ALL, /lost which keys rest/],
  ["keys", 2, ALL, /lost which keys rest/],
  ["keys", 3, ["chat", "stream"], /lost which keys rest/],
];
for (const [place, times, kinds, loss] of HITS) {
  for (const kind of kinds) {
    test(`a trap at "${place}", ${times}, under ${kind}`, async () => {
      const context = calls({}, { split: 60 }, { split: 60 });
      const other = await context.make.stream();
      const reading = other[Symbol.asyncIterator]();
      await reading.next();
      trapAt(place, times);
      const pending = context.make[kind]({ metadata: "hit" });
      const { error, settled } = await ended(pending);
      assertFault(error);
      assert.equal(settled.outcome, "error");
      // Bad arguments enter no ledger; likewise there is no call yet at "open".
      assert.deepEqual(context.settlements.map(({ metadata }) => metadata), place === "open" ? [] : ["hit"]);
      await assertUnharmed(context, reading, other);
      assert.equal(said.length, loss ? 1 : 0, said.join());
      if (loss) assert.match(said[0], loss);
    });
  }
}

// The call itself is over by then, and its settlement is made once more.
for (const [place, kinds, loss] of [["settle", ALL], ["spend", ALL, /lost the sum of what was spent/]]) {
  for (const kind of kinds) {
    test(`a trap at "${place}" under ${kind} costs no settlement`, async () => {
      const context = calls({}, { split: 60 }, { split: 60 });
      const other = await context.make.stream();
      const reading = other[Symbol.asyncIterator]();
      await reading.next();
      trapAt(place);
      const { error, settled } = await ended(context.make[kind]());
      assert.equal(error, null);
      assert.equal(settled.outcome, "ok");
      assert.deepEqual(context.settlements.map(({ outcome }) => outcome), ["ok"]);
      await assertUnharmed(context, reading, other);
      assert.equal(said.length, loss ? 1 : 0);
      if (loss) assert.match(said[0], loss);
    });
  }
}

for (const kind of ALL) {
  test(`a trap where the error of a refused call is made, under ${kind}`, async () => {
    const context = calls({}, { split: 60 }, { status: 400 });
    const other = await context.make.stream();
    const reading = other[Symbol.asyncIterator]();
    await reading.next();
    trapAt("failing");
    const { error, settled } = await ended(context.make[kind]());
    assertFault(error);
    assert.equal(settled.outcome, "error");
    await assertUnharmed(context, reading, other);
  });
}

for (const [place, loss] of [["line"], ["waiting"]]) {
  test(`a trap at "${place}" gives the place in the line to the next`, async () => {
    const context = calls({ limits: { maxConcurrent: 1, maxWait: 60_000 } }, { split: 60 });
    const other = await context.make.stream();
    const reading = other[Symbol.asyncIterator]();
    await reading.next();
    trapAt(place);
    const hit = ended(context.make.chat());
    const waiters = [ended(context.make.chat()), ended(context.make.embeddings())];
    const { error, settled } = await hit;
    assertFault(error);
    assert.equal(settled.outcome, "error");
    assert.equal((await drain(reading)).error, null);
    for (const waiter of waiters) assert.equal((await waiter).error, null);
    const { inFlight, queued } = context.hf.snapshot();
    assert.deepEqual([inFlight, queued], [0, 0]);
    assert.equal(context.settlements.length, 4);
    assert.equal(said.length, loss ? 1 : 0);
    await context.closed();
  });
}

test("a trap under text(), final() and toReadableStream()", async () => {
  for (const read of [(stream) => drain(stream.text()), (stream) => stream.final().then(() => ({}), (error) => ({ error })), (stream) => drain(stream.toReadableStream())]) {
    const { make, closed, settlements } = calls({}, { split: 60 });
    const stream = await make.stream();
    trapAt("decode");
    const { error } = await read(stream);
    assert.ok(error instanceof hfetch.StreamError, String(error));
    assertFault(error);
    await closed();
    assert.deepEqual(settlements.map(({ outcome }) => outcome), ["error"]);
  }
});

test("a trap while live prices are fetched leaves the price unknown", async () => {
  const { make, hf, closed } = calls({ pricing: "live" });
  trapAt("prices");
  const { error } = console;
  const told = [];
  console.error = (...words) => told.push(words);
  const { error: failed, settled } = await ended(make.chat());
  console.error = error;
  assert.equal(failed, null);
  assert.equal(settled.cost.usd, null);
  assert.equal(told.length, 1);
  assert.equal(hf.snapshot().inFlight, 0);
  await closed();
});

test("a budget whose count a trap has cost lets nothing more through, and says so", async () => {
  const pricing = { inputPerMillion: 1, outputPerMillion: 1 };
  const { make, stats } = calls({ pricing, budget: { usd: 1, per: "day" } });
  assert.equal((await ended(make.chat())).error, null);
  trapAt("limits");
  assertFault((await ended(make.chat())).error);
  const error = await failure(make.chat());
  assert.ok(error instanceof hfetch.LimitExceededError);
  assert.equal(error.reason, "store");
  assert.match(error.message, /lost what was spent/);
  assert.equal((await stats()).requests, 1);
});

test("five hundred traps leave the module as it was", async () => {
  const { make, hf, settlements, closed } = calls();
  for (let round = 0; round < 500; round++) {
    trapAt(["open", "send", "admitted", "sent"][round % 4]);
    assertFault((await ended(make.chat())).error);
  }
  assert.equal((await ended(make.chat())).error, null);
  assert.equal(settlements.length, 376);
  assert.deepEqual([hf.snapshot().inFlight, hf.snapshot().queued], [0, 0]);
  await closed();
});

// The module has 16 MiB in all.
const MUCH = 24 * 1024 * 1024;

test("a request that is larger than the memory there is", async () => {
  const context = calls({}, { split: 60 });
  const other = await context.make.stream();
  const reading = other[Symbol.asyncIterator]();
  await reading.next();
  const messages = [{ role: "user", content: "x".repeat(MUCH) }];
  const { error, settled } = await ended(context.hf.chat.completions.create({ messages }));
  assertFault(error);
  assert.equal(settled.outcome, "error");
  await assertUnharmed(context, reading, other);
});

test("an event that is larger than the memory there is", async () => {
  const context = calls({ maxEventBytes: 2 * MUCH }, { split: 60 }, { giantEvent: MUCH });
  const other = await context.make.stream();
  const reading = other[Symbol.asyncIterator]();
  await reading.next();
  const { error, settled } = await ended(context.make.stream());
  assertFault(error);
  assert.equal(settled.outcome, "error");
  await assertUnharmed(context, reading, other);
});

test("embeddings that are larger than the memory there is", async () => {
  const context = calls({}, { split: 60 }, { text: `[[${"0.125,".repeat(MUCH / 6)}1]]` });
  const other = await context.make.stream();
  const reading = other[Symbol.asyncIterator]();
  await reading.next();
  const { error, settled } = await ended(context.make.embeddings());
  assertFault(error);
  assert.equal(settled.outcome, "error");
  await assertUnharmed(context, reading, other);
});

test("a limiter that trapped is refused by a typed error; others go on", () => {
  const limiter = new hfetch.RateLimiter({ requestsPerMinute: 10 });
  const other = new hfetch.RateLimiter({ requestsPerMinute: 10 });
  trapAt("limiter");
  const reserve = () => limiter.reserve(1, 0);
  assert.throws(reserve, (error) => assertFault(error) ?? true);
  assert.throws(reserve, hfetch.HfetchError);
  assert.equal(other.reserve(1, 0).ok, true);
});

test("a storageStore that trapped goes on from what the storage holds", async () => {
  const rows = new Map();
  const storage = { getItem: (name) => rows.get(name) ?? null, setItem: (name, value) => rows.set(name, value) };
  const store = hfetch.storageStore(storage);
  const part = { scope: "a", tokens: 0, usd: 0, limits: { requestsPerMinute: 2 }, budget: null };
  const reserve = () => store.reserve({ parts: [part], now: 1_000 });
  assert.equal((await reserve()).ok, true);
  trapAt("limiter");
  assertFault(await failure(reserve()));
  assert.equal((await reserve()).ok, true);
  assert.equal((await reserve()).ok, false);
});

// A Durable Object's storage that has the row of the store and no scopes; only the handle is examined.
function storage() {
  const rows = new Map();
  const exec = (statement, ...values) => {
    if (statement.startsWith("INSERT OR REPLACE INTO hfetch_store")) rows.set("state", values[0]);
    const found = statement.startsWith("SELECT state") && rows.has("state") ? [{ state: rows.get("state") }] : [];
    return { toArray: () => found };
  };
  return { sql: { exec }, transactionSync: (write) => write(), setAlarm() {} };
}

test("a LimitObject that trapped goes on from its storage, and who waited for a write is told", async () => {
  const { LimitObject } = await import(new URL("gateway.js", pathToFileURL(`${process.env.HFETCH_PACKAGE}/dist/`)));
  const object = Object.assign(new LimitObject(), { ctx: { storage: storage() } });
  const now = Date.now();
  const part = { scope: "a", tokens: 0, usd: 0, limits: { requestsPerMinute: 9 }, budget: null };
  const reserve = () => object.reserve({ parts: [part], now });
  const { reservation } = await reserve();
  const waiting = failure(object.settle(reservation, { tokens: 1, usd: 0, now }));
  trapAt("limiter");
  assertFault(await failure(reserve()));
  assertFault(await waiting);
  assert.equal((await reserve()).ok, true);
});
