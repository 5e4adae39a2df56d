// Ends at odd moments: events may come at any time, and a call ends once, with the right error, and holds nothing afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { startEndpoint } from "../endpoint/server.mjs";
import { MODEL, PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const KEY = "hf_marker_of_this_test";
const COMPLETION = { id: "1", object: "chat.completion", created: 1, model: MODEL, choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "hi" } }], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } };
const json = (value, init) => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" }, ...init });
const client = (fetch, options = {}) => new hfetch.HuggingFace({ apiKey: KEY, baseURL: "http://x.invalid/v1", model: MODEL, retry: false, fetch, ...options });
const ask = (hf, options, body = {}) => hf.chat.completions.create({ messages: PROMPT, ...body }, options);
const turns = () => new Promise((resolve) => setImmediate(resolve));

test("a finish_reason that is no string is the wire's own and null in the settlement", async () => {
  for (const finish_reason of [5, true, { length: 40 }, ["x"]]) {
    const answer = { ...COMPLETION, choices: [{ ...COMPLETION.choices[0], finish_reason }] };
    const pending = ask(client(async () => json(answer)));
    assert.deepEqual((await pending).choices[0].finish_reason, finish_reason);
    assert.deepEqual([(await pending.settled).outcome, (await pending.settled).finishReason], ["ok", null]);
  }
});

test("what an end by silence or by a lost connection completes is handed on before the end", async () => {
  const chunk = { id: "1", object: "chat.completion.chunk", created: 1, model: MODEL, choices: [{ index: 0, delta: { content: "Hi\ud83d" }, finish_reason: "stop" }] };
  for (const end of ["silence", "loss"]) {
    for (const [read, expected] of [[(stream) => stream, [chunk]], [(stream) => stream.text(), ["Hi\ud83d"]]]) {
      const lose = (body) => end === "loss" && body.error(new TypeError("terminated"));
      const fetch = async () => new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}`)), pull: lose }));
      const stream = await ask(client(fetch, { timeout: { idle: 40 } }), {}, { stream: true });
      assert.deepEqual(await drain(read(stream)), { items: expected, error: null }, end);
      assert.equal((await stream.settled).outcome, "ok");
    }
  }
});

test("one failed batch ends the others first: the store and the settlement agree", async () => {
  const booked = [];
  const store = {
    reserve: async () => ({ ok: true, reservation: String(booked.length) }),
    settle: async (_, { tokens }) => void booked.push(tokens),
    release: async () => {},
    block: async () => {},
  };
  let sent = 0;
  const hanging = (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const hf = client((url, init) => ((sent += 1) === 4 ? Promise.resolve(json({ error: "no" }, { status: 400 })) : hanging(url, init)), { store, embeddings: { batchSize: 1 } });
  const pending = hf.embeddings.create({ model: "m/m", input: ["one two three", "four five six", "seven eight", "nine ten"] });
  const error = await failure(pending);
  assert.match(error.message, /^inputs 3 to 3: 400 no/);
  const { usage, attempts } = await pending.settled;
  assert.equal(attempts, 4);
  assert.equal(booked.length, 4);
  assert.equal(booked.reduce((sum, tokens) => sum + tokens, 0), usage.total_tokens);
});

test("a budget and what can never fit are refused at once, whoever waits before them", async () => {
  const hf = client(async () => json(COMPLETION), { limits: { requestsPerMinute: 1, tokensPerMinute: 2000 }, budget: { usd: 0.01, per: "day" }, pricing: { inputPerMillion: 1, outputPerMillion: 1 } });
  await ask(hf, {}, { max_tokens: 10 });
  const abort = new AbortController();
  const waiting = failure(ask(hf, { signal: abort.signal }, { max_tokens: 10 }));
  await turns();
  assert.equal(hf.snapshot().queued, 1);
  assert.equal((await failure(ask(hf, {}, { max_tokens: 1_000_000 }))).name, "BudgetExceededError");
  const large = await failure(ask(hf, {}, { max_tokens: 10, messages: [{ role: "user", content: "word ".repeat(4000) }] }));
  assert.deepEqual([large.name, large.retryAfter], ["LimitExceededError", Infinity]);
  abort.abort();
  assert.equal((await waiting).name, "APIUserAbortError");
});

test("what becomes free while a store is asked is not slept through", async () => {
  let free = false;
  let answer;
  const store = {
    reserve: () => (free ? { ok: true, reservation: "b" } : new Promise((resolve) => (answer = resolve))),
    settle: async () => void (free = true),
    release: async () => {},
    block: async () => {},
  };
  let finish;
  const first = new Promise((resolve) => (finish = resolve));
  const hf = client(async () => first.then(() => json(COMPLETION)), { store, limits: { requestsPerMinute: 1 } });
  const one = ask(hf);
  await turns();
  answer({ ok: true, reservation: "a" });
  await turns();
  const two = ask(hf);
  await turns();
  finish();
  await one;
  await turns();
  answer({ ok: false, scope: "x", retryAfter: 50_000, reason: "requests" });
  assert.equal((await two).object, "chat.completion");
});

test("a try whose headers never came counts its prompt, and is the last", async () => {
  const hf = client(() => new Promise(() => {}), { retry: { baseDelay: 0 }, timeout: { connect: 5 } });
  const pending = ask(hf);
  assert.equal((await failure(pending)).phase, "connect");
  const { usage, attempts } = await pending.settled;
  assert.equal(attempts, 1);
  assert.equal(usage.prompt_tokens, hfetch.estimateTokens(PROMPT));
});

test("a call aborted between its turn and its request sends nothing", async () => {
  let sent = 0;
  const abort = new AbortController();
  const hf = client(async () => (sent += 1) && json(COMPLETION), { limits: { maxConcurrent: 1 } });
  const one = ask(hf, { onSettled: () => abort.abort() });
  const two = ask(hf, { signal: abort.signal });
  await one;
  assert.equal((await failure(two)).name, "APIUserAbortError");
  assert.deepEqual([sent, (await two.settled).attempts, (await two.settled).usage.total_tokens], [1, 0, 0]);
});

test("an abort and a total timeout while an error body is read are what the caller hears of", async () => {
  const stalled = async () => new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) }), { status: 400 });
  const abort = new AbortController();
  const aborted = ask(client(stalled), { signal: abort.signal });
  await turns();
  abort.abort("bye");
  const error = await failure(aborted);
  const { outcome, usage } = await aborted.settled;
  assert.deepEqual([error.name, error.cause, outcome, usage.total_tokens], ["APIUserAbortError", "bye", "aborted", 0]);
  const late = await failure(ask(client(stalled), { timeout: { total: 30 } }));
  assert.deepEqual([late.name, late.phase], ["APIConnectionTimeoutError", "total"]);
});

test("a key is in no cause, however deep, and in no echoed header", async () => {
  const request = { config: { headers: new Headers({ authorization: `Bearer ${KEY}` }) } };
  const own = new Request("http://x.invalid", { headers: { authorization: `Bearer ${KEY}` } });
  const thrown = [Object.assign(new Error("ky"), { request: own }), new Error("outer", { cause: own }), Object.assign(new Error("names"), { [`Bearer ${KEY}`]: 1 }), Object.assign(new Error("axios"), request), new AggregateError([new Error(`with ${KEY}`)]), { authorization: KEY }, new Error("outer", { cause: { deep: [KEY] } }), KEY];
  for (const reason of thrown) {
    const error = await failure(ask(client(() => Promise.reject(reason))));
    assert.equal(error.name, "APIConnectionError");
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(KEY), inspect(reason));
  }
  const harmless = new Error("gone");
  assert.equal((await failure(ask(client(() => Promise.reject(harmless))))).cause, harmless);
  const echo = async () => new Response("", { status: 400, headers: { "x-echo": `Bearer ${KEY}`, [`x-${KEY}`]: "2", "x-other": "1" } });
  const { headers } = await failure(ask(client(echo)));
  assert.deepEqual([...headers].filter(([name]) => name !== "content-type"), [["x-echo", "Bearer [redacted]"], ["x-other", "1"]]);
});

test("a body that breaks off says so, with status and cause", async () => {
  const cause = new Error("net");
  const broken = async () => new Response(new ReadableStream({ pull: (body) => body.error(cause) }), { headers: { "content-type": "application/json" } });
  const error = await failure(ask(client(broken)));
  assert.deepEqual([error.name, error.status, error.cause], ["APIConnectionError", 200, cause]);
  assert.match(error.message, /while the answer was read/);
});

test("a reader that throws after [DONE] changes nothing, and next() after return() is the end", async () => {
  const frames = ['data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'];
  const read = () => {
    if (frames.length === 0) throw new Error("no more");
    return Promise.resolve({ value: new TextEncoder().encode(frames.pop()), done: false });
  };
  const body = { getReader: () => ({ read, cancel: async () => {}, releaseLock() {} }) };
  const hf = client(async () => ({ status: 200, headers: new Headers(), body }));
  const pending = ask(hf, {}, { stream: true });
  const { items, error } = await drain(await pending);
  assert.deepEqual([items.length, error, (await pending.settled).outcome], [1, null, "ok"]);
  const left = await ask(client(async () => new Response(new ReadableStream({}))), {}, { stream: true });
  await left.return();
  assert.deepEqual(await left.next(), { value: undefined, done: true });
});

test("a limit that stops a retry hides nothing: the server's last word is the error", async () => {
  let sent = 0;
  const hf = client(async () => (sent += 1) && json({ error: "broken" }, { status: 500 }), { retry: { baseDelay: 0 }, limits: { requestsPerMinute: 2, onLimit: "error" } });
  const error = await failure(ask(hf));
  assert.deepEqual([error.name, error.status, sent], ["InternalServerError", 500, 2]);
  assert.equal((await failure(ask(hf))).name, "LimitExceededError");
});

test("a provider without a price still uses the budget up", async () => {
  const offers = [{ provider: "p1", status: "live", pricing: { input: 1000, output: 1000 } }, { provider: "p2", status: "live" }];
  const catalogue = { object: "list", data: [{ id: MODEL, object: "model", providers: offers }] };
  const answer = { ...COMPLETION, usage: { prompt_tokens: 1000, completion_tokens: 0, total_tokens: 1000 } };
  const fetch = async (url) => (url.endsWith("/models") ? json(catalogue) : json(answer, { headers: { "content-type": "application/json", "x-inference-provider": "p2" } }));
  const hf = client(fetch, { pricing: "live", budget: { usd: 2.5, per: "day" } });
  const outcomes = [];
  for (let i = 0; i < 4; i++) outcomes.push(await ask(hf, {}, { max_tokens: 1 }).then(() => "sent", ({ name }) => name));
  assert.deepEqual(outcomes, ["sent", "sent", "sent", "BudgetExceededError"]);
  assert.equal(hf.snapshot().spend.unpriced, 3);
});

test("looking into the catalogue uses no limit up", async () => {
  const hf = client(async (url) => (url.endsWith("/models") ? json({ object: "list", data: [] }) : json(COMPLETION)), { limits: { requestsPerMinute: 1, onLimit: "error" } });
  await hf.models.list();
  await ask(hf);
  assert.deepEqual([hf.snapshot().keys[0].requests, hf.snapshot().keys[0].requestsLastMinute], [1, 1]);
});

test("the error classes are the client's too, as openai's are", () => {
  for (const name of ["APIError", "RateLimitError", "APIUserAbortError", "ConfigError", "HfetchError"]) {
    assert.equal(hfetch.HuggingFace[name], hfetch[name], name);
  }
});

test("a stream that stalls after its finish_reason has ended well, and its socket is closed", async () => {
  const { client: make, closed } = scripted({ sse: [{ choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "stop" }] }, ": waiting\n\n".repeat(9)], stallAfter: 110 });
  const pending = make({ timeout: { idle: 60 }, retry: false }).chat.completions.create({ messages: PROMPT, stream: true });
  const { items, error } = await drain(await pending);
  assert.deepEqual([items.length, error], [1, null]);
  assert.deepEqual([(await pending.settled).outcome, (await pending.settled).finishReason], ["ok", "stop"]);
  assert.equal((await closed()).open, 0);
});

test("the error of an answer that is not what was asked for has the answer's own status", async () => {
  const empty = () => client(async () => new Response(null, { status: 204 }));
  assert.equal((await failure(ask(empty()))).status, 204);
  assert.equal((await failure(empty().embeddings.create({ model: "m/m", input: "x" }))).status, 204);
  assert.equal((await failure(empty().models.list())).status, 204);
});

test("nothing is reserved for a request whose key never came", async () => {
  const given = [new Error("no key"), KEY, new Error("no key"), KEY];
  const apiKey = async () => {
    const next = given.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  const limits = { requestsPerMinute: 1, maxConcurrent: 1, onLimit: "error" };
  const hf = client(async () => json(COMPLETION), { apiKey, limits });
  assert.equal((await failure(ask(hf))).name, "APIConnectionError");
  assert.equal((await ask(hf)).object, "chat.completion");
  const ended = [];
  const store = {
    reserve: async () => ({ ok: true, reservation: `r${ended.length}` }),
    settle: async (reservation) => void ended.push(`${reservation} settled`),
    release: async (reservation) => void ended.push(`${reservation} released`),
    block: async () => {},
  };
  const stored = client(async () => json(COMPLETION), { apiKey, store });
  const failed = ask(stored);
  await failure(failed);
  await failed.settled;
  await ask(stored).settled;
  assert.deepEqual(ended, ["r0 settled"]);
});

test("a stream's error is told once; what follows is the end", async () => {
  const cut = new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n');
  const stream = await ask(client(async () => new Response(cut)), {}, { stream: true });
  assert.equal((await stream.next()).done, false);
  assert.equal((await failure(stream.next())).name, "StreamTruncatedError");
  for (let i = 0; i < 2; i++) assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test("a body that breaks off leaves nothing reserved, whatever was asked for", async () => {
  const broken = () => new Response(new ReadableStream({ pull: (body) => body.error(new Error("net")) }));
  const answers = [broken, () => json(COMPLETION)];
  const hf = client(async () => (answers.length > 1 ? answers.shift() : answers[0])(), { limits: { maxConcurrent: 1, onLimit: "error" } });
  const pending = ask(hf);
  assert.equal((await failure(pending)).name, "APIConnectionError");
  assert.ok((await pending.settled).usage.prompt_tokens > 0);
  assert.equal((await ask(hf)).object, "chat.completion");
});

test("a stream that is left before it was read cancels its body, whatever fetch does with its signal", async () => {
  let cancelled = 0;
  const silent = new ReadableStream({ cancel: () => void (cancelled += 1) });
  const stream = await ask(client(async () => new Response(silent)), {}, { stream: true });
  await stream.return();
  assert.deepEqual([cancelled, (await stream.settled).outcome], [1, "aborted"]);
});

test("a call that is aborted while its headers are looked at gives its body up", async () => {
  let cancelled = 0;
  const abort = new AbortController();
  const get = () => abort.abort("enough");
  const body = { getReader: () => assert.fail("nobody reads it"), cancel: async () => void (cancelled += 1) };
  const pending = ask(client(async () => ({ status: 200, headers: { get }, body })), { signal: abort.signal });
  assert.deepEqual([(await failure(pending)).name, (await pending.settled).outcome, cancelled], ["APIUserAbortError", "aborted", 1]);
});

test("a refused key that its function gives again is not sent again", async () => {
  let [asked, sent] = [0, 0];
  const apiKey = async () => (asked += 1) && KEY;
  const hf = client(async () => (sent += 1) && json({ error: "no" }, { status: 401 }), { apiKey, retry: { baseDelay: 0 }, limits: { maxConcurrent: 1, onLimit: "error" } });
  for (let call = 1; call < 3; call++) {
    assert.equal((await failure(ask(hf))).name, "AuthenticationError");
    assert.deepEqual([asked, sent, hf.snapshot().inFlight], [2 * call, call, 0]);
  }
});

test("a settlement waits for live prices that come later than its answer", async () => {
  let tell;
  const catalogue = new Promise((resolve) => (tell = resolve));
  const offers = [{ provider: "p", status: "live", pricing: { input: 1000, output: 1000 } }];
  const hf = client(async (url) => (url.endsWith("/models") ? catalogue : json(COMPLETION)), { pricing: "live" });
  const pending = ask(hf);
  await pending;
  await turns();
  tell(json({ object: "list", data: [{ id: MODEL, object: "model", providers: offers }] }));
  assert.deepEqual([(await pending.settled).cost.usd, hf.snapshot().spend.unpriced], [0.005, 0]);
});

test("headers of the caller's own stay with their origin, and follow a redirect within it", async (context) => {
  const elsewhere = await startEndpoint();
  context.after(() => elsewhere.close());
  const headers = { "x-api-key": "marker of a header", cookie: "marker=1", "x-mine": "marker" };
  for (const status of [301, 302, 303, 307, 308]) {
    const script = scripted({ status, headers: { location: `${elsewhere.url}/s/foreign/v1/chat/completions` }, times: 2 });
    const hf = script.client({ retry: false, headers });
    assert.equal((await failure(ask(hf))).status, status);
    assert.equal((await failure(hf.models.list())).status, status);
  }
  assert.equal((await elsewhere.stats("foreign")).requests, 0);
  const near = scripted({ status: 307, headers: { location: "?again" } }, {});
  assert.equal((await ask(near.client({ retry: false, headers }))).object, "chat.completion");
  assert.deepEqual((await near.stats()).headers.map((sent) => sent["x-api-key"]), Array(2).fill(headers["x-api-key"]));
});

test("a page that can't see where a redirect leads sends headers of the caller's own nowhere", async () => {
  const opaque = async (_, { redirect }) => (assert.equal(redirect, "manual"), { type: "opaqueredirect", status: 0, headers: new Headers(), body: null });
  const error = await failure(ask(client(opaque, { headers: { "x-api-key": "x" } })));
  assert.deepEqual([error.name, error.cause.name], ["APIConnectionError", "TypeError"]);
  assert.match(error.cause.message, /redirects/);
});

test("an answer that never ends is given up before it fills the memory, whatever was asked for", async () => {
  // The same bytes each time: this counts what arrived, and not what is kept.
  const large = new Uint8Array(2 ** 25).fill(32);
  const event = new TextEncoder().encode(`: ${"x".repeat(2 ** 23)}\n\n`);
  let given = 0;
  const endless = (bytes) => ({ getReader: () => ({ read: async () => ((given += bytes.length), { value: bytes, done: false }), cancel: async () => {}, releaseLock() {} }) });
  const hf = client(async (_, { headers }) => ({ status: 200, headers: new Headers(), body: endless(headers.get("accept") === "text/event-stream" ? event : large) }));
  const refused = async (call, words, most) => {
    given = 0;
    const error = await failure(call());
    assert.match(error.cause.message, words);
    assert.ok(given <= most + large.length, `${given}`);
  };
  for (const call of [() => ask(hf), () => hf.embeddings.create({ input: "x" }), () => hf.models.list()]) {
    await refused(call, /larger than maxAnswerBytes \(67108864\)/, 2 ** 26);
  }
  await refused(async () => (await ask(hf, {}, { stream: true })).final(), /larger than 536870912 bytes/, 2 ** 29);
});

test("a reservation is given back once, however shortly after its answer the call is aborted", async () => {
  for (let later = 0; later < 12; later++) {
    const ended = [];
    const abort = new AbortController();
    const store = {
      reserve: () => {
        const answer = Promise.resolve({ ok: true, reservation: "r" });
        let turn = answer;
        for (let i = 0; i < later; i++) turn = turn.then(() => {});
        turn.then(() => abort.abort());
        return answer;
      },
      settle: async () => void ended.push("settled"),
      release: async () => void ended.push("released"),
      block: async () => {},
    };
    const pending = ask(client(async () => json(COMPLETION), { store }), { signal: abort.signal });
    await failure(pending);
    await pending.settled;
    assert.equal(ended.length, 1, `${later} microtasks later: ${ended}`);
  }
});

test("a key is in no cause that a platform's object, a function or a name hides it in, nor in what a key function throws", async () => {
  // The member is inherited, as in a Request of browsers and later versions of Node.
  class Sent {
    #headers = new Headers({ authorization: `Bearer ${KEY}` });
    get headers() { return this.#headers; }
    [inspect.custom]() { return { headers: this.#headers }; }
  }
  const thrown = [new Sent(), new Request("http://x.invalid", { headers: { authorization: `Bearer ${KEY}` } }), new URL(`http://x.invalid/?key=${KEY}`), Object.assign(() => {}, { key: KEY }), { [KEY]: 1 }, Symbol(KEY)];
  for (const given of thrown) {
    const error = await failure(ask(client(() => Promise.reject(Object.assign(new Error("of another client"), { given, request: given })))));
    assert.equal(error.cause.message, "of another client");
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(KEY), inspect(given));
  }
  const keys = [() => KEY, () => { throw new Error(`${KEY} has expired`); }];
  const hf = client(async () => json(COMPLETION), { apiKey: () => keys.shift()() });
  await ask(hf);
  const error = await failure(ask(hf));
  assert.deepEqual([error.name, error.cause.message], ["APIConnectionError", "[redacted] has expired"]);
});

test("where redirects are not followed by the platform, one that leads nowhere is the answer, and its body is given up", async (t) => {
  globalThis.WebSocketPair = class {};
  t.after(() => delete globalThis.WebSocketPair);
  const body = () => new ReadableStream({ start: (to) => to.close() });
  const responses = ["http://[", "https://elsewhere.invalid/"].map((location) => new Response(body(), { status: 307, headers: { location } }));
  for (const response of [...responses]) {
    const error = await failure(ask(client(async () => responses.shift())));
    assert.deepEqual([error.name, error.status, response.bodyUsed], ["APIError", 307, true]);
  }
});

test("a body that goes on after [DONE] is cancelled, and holds nothing up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let cancelled = 0;
  const body = new ReadableStream({
    start: (to) => to.enqueue(new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')),
    cancel: () => void (cancelled += 1),
  });
  const pending = ask(client(async () => new Response(body)), {}, { stream: true });
  assert.equal((await drain(await pending)).error, null);
  assert.equal((await pending.settled).outcome, "ok");
  t.mock.timers.tick(100);
  await turns();
  assert.equal(cancelled, 1);
});

test("an error that nobody was told is gone with whoever leaves", async () => {
  const silent = () => new Response(new ReadableStream({}));
  for (const leave of [(stream) => stream.return(), (stream) => failure(stream.throw(new Error("mine"))), (stream) => stream[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]()]) {
    const stream = await ask(client(async () => silent()), {}, { stream: true });
    stream.abort("enough");
    await leave(stream);
    assert.deepEqual(await stream.next(), { value: undefined, done: true });
  }
});

test("where redirects are not followed by the platform, five are, and no more", async (t) => {
  globalThis.WebSocketPair = class {};
  t.after(() => delete globalThis.WebSocketPair);
  let sent = 0;
  const again = async () => {
    sent += 1;
    if (sent > 20) throw new Error("endless");
    return new Response(null, { status: 307, headers: { location: "/again" } });
  };
  const error = await failure(ask(client(again)));
  assert.deepEqual([error.status, sent], [307, 6]);
});
