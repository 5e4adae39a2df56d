// The key pool: the least loaded key first, another key after a failure, keys that rest or are set aside; labels instead of keys.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { inspect } from "node:util";
import { PROMPT, drain, failure, scripted } from "./setting/installed.mjs";

const QUICK = { baseDelay: 1 };
const THREE = { apiKey: undefined, apiKeys: ["hf_a", "hf_b", "hf_c"], retry: QUICK };

const ask = (hf, body = {}) => hf.chat.completions.create({ messages: PROMPT, ...body });
const used = async ({ stats }) => (await stats()).headers.map(({ authorization }) => authorization.replace("Bearer ", ""));

async function settle(pending) {
  await pending.catch(() => {});
  return pending.settled;
}

test("equal load takes keys in their order; the least loaded goes first", async () => {
  const script = scripted();
  const hf = script.client(THREE);
  for (let i = 0; i < 3; i++) await ask(hf);
  assert.deepEqual(await used(script), ["hf_a", "hf_b", "hf_c"]);
  // a answers a long prompt, whose tokens count against it.
  const more = scripted();
  const loaded = more.client(THREE);
  await ask(loaded, { messages: [{ role: "user", content: "word ".repeat(300) }] });
  for (let i = 0; i < 4; i++) await ask(loaded);
  assert.deepEqual(await used(more), ["hf_a", "hf_b", "hf_c", "hf_b", "hf_c"]);
});

test("calls in flight count as load", async () => {
  const script = scripted({ stallBeforeHeaders: 30, times: 3 });
  const hf = script.client(THREE);
  await Promise.all([ask(hf), ask(hf), ask(hf)]);
  assert.deepEqual((await used(script)).sort(), ["hf_a", "hf_b", "hf_c"]);
});

test("401 disables a key, 402 cools it for an hour; usage is booked on the key that was sent", async () => {
  const script = scripted({ status: 401 }, { status: 402 }, {}, {});
  const hf = script.client(THREE);
  const before = Date.now();
  const { attempts, key, usage, outcome } = await settle(ask(hf));
  const [a, b, c] = hf.snapshot().keys;
  assert.deepEqual([outcome, attempts, key], ["ok", 3, c.key]);
  assert.deepEqual([a.state, b.state, c.state], ["disabled", "cooling", "ready"]);
  assert.ok(b.readyAt >= before + 3_600_000 && b.readyAt <= Date.now() + 3_600_000);
  assert.deepEqual([a.tokens, b.tokens, c.tokens], [0, 0, usage.total_tokens]);
  await ask(hf);
  assert.deepEqual(await used(script), ["hf_a", "hf_b", "hf_c", "hf_c"]);
});

test("429 cools the key for that model only", async () => {
  const script = scripted({ status: 429 }, {}, {});
  const hf = script.client({ ...THREE, apiKeys: ["hf_a", "hf_b"] });
  await ask(hf, { model: "org/one" });
  await ask(hf, { model: "org/two" });
  // b has answered and a was only refused: for the other model a is as good as any and less loaded.
  assert.deepEqual(await used(script), ["hf_a", "hf_b", "hf_a"]);
});

test("403 goes on to another key, alone it does not", async () => {
  const two = scripted({ status: 403 }, {});
  assert.equal((await settle(ask(two.client({ ...THREE, apiKeys: ["hf_a", "hf_b"] })))).attempts, 2);
  const one = scripted({ status: 403, times: 2 });
  assert.equal((await failure(ask(one.client({ retry: QUICK })))).name, "PermissionDeniedError");
  assert.equal((await one.stats()).requests, 1);
});

test("the only key is never disabled: a 401 is thrown, the next call tries again", async () => {
  const script = scripted({ status: 401 }, {});
  const hf = script.client({ retry: QUICK });
  assert.equal((await failure(ask(hf))).name, "AuthenticationError");
  assert.equal((await ask(hf)).object, "chat.completion");
});

test("the last usable key is retried although it is cooling", async () => {
  const script = scripted({ status: 429 }, {});
  const { attempts, outcome } = await settle(ask(script.client({ retry: QUICK })));
  assert.deepEqual([attempts, outcome], [2, "ok"]);
  const all = scripted({ status: 402, times: 2 }, {});
  const hf = all.client({ ...THREE, apiKeys: ["hf_a", "hf_b"] });
  assert.equal((await failure(ask(hf))).name, "PaymentRequiredError");
  assert.equal((await ask(hf)).object, "chat.completion", "both cool, yet the next call is sent");
});

test("a key from a function is asked for each try, and again after a 401", async () => {
  const script = scripted({ status: 401 }, {}, {});
  let asked = 0;
  const hf = script.client({ apiKey: () => `hf_${(asked += 1)}`, retry: QUICK });
  const first = await settle(ask(hf));
  if (first.outcome === "error") await ask(hf);
  await ask(hf);
  const keys = await used(script);
  assert.equal(new Set(keys).size, keys.length, `each try has a fresh key: ${keys}`);
  assert.notEqual(hf.snapshot().keys[0].state, "disabled");
});

test("a key function that fails or gives no key is a typed error, and nothing is sent", async () => {
  const refused = new Response("Log in first.", { status: 401 });
  const thrown = new Error("no ticket");
  const table = [
    [() => { throw thrown; }, "APIConnectionError", (error) => assert.equal(error.cause, thrown)],
    [() => Promise.reject(thrown), "APIConnectionError", (error) => assert.equal(error.cause, thrown)],
    [async () => refused, "APIConnectionError", (error) => assert.match(error.cause.message, /status 401/)],
    [async () => new Response("ticket"), "ConfigError", /response/],
    [async () => "<!doctype html><title>Log in</title>", "ConfigError", /HTML/],
    [async () => JSON.stringify({ ticket: "t_secret" }), "ConfigError", /JSON/],
    [async () => " \t", "ConfigError", /white space/],
    [async () => "Not Found", "ConfigError", /white space/],
    [async () => "", "ConfigError", /empty/],
    [async () => ({ ticket: "t_secret" }), "ConfigError", /no string/],
    [async () => 7, "ConfigError", /no string/],
    [async () => undefined, "ConfigError", /no string/],
    [async () => null, "ConfigError", /no string/],
    [async () => "a\nb", "ConfigError", /line break/],
  ];
  for (const [apiKey, name, says] of table) {
    for (const stream of [true, false]) {
      const script = scripted();
      const pending = ask(script.client({ apiKey, retry: false }), { stream });
      const error = await failure(pending);
      assert.equal(error.name, name, String(error));
      assert.match(error.message, /key function/);
      if (name === "ConfigError") assert.equal(error.path, "apiKey");
      if (says instanceof RegExp) assert.match(error.message, says);
      else says(error);
      assert.doesNotMatch(inspect(error, { depth: 9 }), /t_secret/);
      assert.equal((await pending.settled).outcome, "error");
      assert.equal((await script.stats()).requests, 0);
    }
  }
  assert.ok(refused.body.locked || (await refused.body.getReader().read()).done, "its body is given up");
});

test("a key function that never answers is a timeout that names it, and nothing is reserved meanwhile", async () => {
  const script = scripted();
  const store = [];
  const none = async () => {};
  const reserve = async (request) => {
    store.push(request);
    return { ok: true, reservation: "r" };
  };
  for (const stream of [false, true]) {
    const hf = script.client({ apiKey: () => new Promise(() => {}), store: { reserve, settle: none, release: none, block: none }, timeout: { connect: 40 }, retry: QUICK });
    const pending = hf.chat.completions.create({ messages: PROMPT, stream });
    const error = await failure(pending);
    assert.deepEqual([error.name, error.phase, error.attempts], ["APIConnectionTimeoutError", "connect", 0]);
    assert.match(error.message, /key function \(apiKey\).*40 ms.*nothing was sent/);
    const { attempts, outcome, usage } = await pending.settled;
    assert.deepEqual([attempts, outcome, usage.total_tokens], [0, "error", 0]);
    assert.equal((await failure(hf.models.list())).phase, "connect");
  }
  assert.deepEqual([store.length, (await script.stats()).requests], [0, 0]);
});

test("a key that comes late holds no place of another call", async () => {
  const script = scripted();
  let give;
  let calls = 0;
  const apiKey = () => ((calls += 1) === 1 ? new Promise((resolve) => (give = resolve)) : "hf_quick");
  const hf = script.client({ apiKey, limits: { maxConcurrent: 1, requestsPerMinute: 2, onLimit: "error" } });
  const late = ask(hf);
  assert.equal((await ask(hf)).object, "chat.completion");
  give("hf_late");
  assert.equal((await late).object, "chat.completion");
  assert.equal((await failure(ask(hf))).reason, "requests");
});

test("a call that ends while its key is asked for takes no timer and no place with it", async () => {
  const abort = new AbortController();
  const hf = scripted().client({ apiKey: () => new Promise(() => {}), limits: { maxConcurrent: 1 } });
  const pending = hf.chat.completions.create({ messages: PROMPT }, { signal: abort.signal });
  setImmediate(() => abort.abort("enough"));
  const error = await failure(pending);
  assert.deepEqual([error.name, error.cause], ["APIUserAbortError", "enough"]);
  assert.deepEqual([hf.snapshot().inFlight, hf.snapshot().queued], [0, 0]);
});

test("labels tell keys apart and never show them", async () => {
  const script = scripted();
  const hf = script.client({ ...THREE, id: "team" });
  await ask(hf);
  const { keys } = hf.snapshot();
  assert.equal(new Set(keys.map(({ key }) => key)).size, 3);
  for (const { key } of keys) assert.match(key, /^team-[0-9a-f]{4,}/);
  assert.deepEqual(Object.keys(keys[0]).sort(), ["key", "readyAt", "requests", "requestsLastMinute", "requestsThisMonth", "state", "tokens", "tokensLastMinute"]);
  assert.ok(!JSON.stringify(hf.snapshot()).includes("hf_a"));
  const again = script.client({ ...THREE, id: "team" });
  assert.deepEqual(again.snapshot().keys.map(({ key }) => key), keys.map(({ key }) => key), "the same key has the same label");
});

test("a key that an answer quotes is nowhere in its error or settlement, as it is, as JSON spells it, or in part", async () => {
  const key = "hf_marker/of-quoting+keys";
  const part = key.slice(0, 12); // what would be left of it if a message is cut there
  const json = JSON.stringify(key);
  const escaped = json.replaceAll("/", "\\/").replace("m", "\\u006d");
  const nested = JSON.stringify(escaped.slice(1, -1)); // in JSON within a string of JSON
  const half = JSON.stringify(`${key.slice(0, 16)}…`);
  const long = JSON.stringify({ error: `${"x".repeat(599 - part.length)}${key}` });
  const frame = (text) => ({ sse: [`data: ${text}\n\n`], done: true });
  const body = (text, rest = {}) => ({ text, contentType: "application/json", ...rest });
  const errorOf = (text) => `{"error":{"message":${text},"code":${text},"type":${text},"param":${text},"more":[{"deep":${text}}]}}`;
  const answerOf = (part) => `{"choices":[{"index":0,"${part}":{"role":"assistant","content":"hi"},"finish_reason":${json}}]}`;
  const headers = { "x-request-id": `Bearer ${key}`, "x-inference-provider": key };
  const places = {
    "a refusal": [body(errorOf(json), { status: 400 })],
    "a refusal, escaped": [body(errorOf(escaped), { status: 400 })],
    "a refusal's headers": [{ status: 400, headers }],
    "an answer's headers": [{ headers }],
    "an error as 200, escaped": [body(errorOf(escaped))],
    "a long error as 200": [body(long), frame(long)],
    "a finish_reason": [body(answerOf("message")), frame(answerOf("delta"))],
    "an error frame": [frame(errorOf(json))],
    "an error frame, escaped": [frame(errorOf(escaped))],
    "a refusal, escaped twice": [body(errorOf(nested), { status: 400 })],
    "an error frame, escaped twice": [frame(errorOf(nested))],
    "a refusal, in part": [body(errorOf(half), { status: 400 })],
    "an error frame, in part": [frame(errorOf(half))],
    "the name of a member": [body(`{"error":{${escaped}:1}}`, { status: 400 }), frame(`{"error":{${escaped}:1}}`)],
    "a frame that is no chunk": [frame(`{"detail":${escaped}}`)],
    "text in place of a stream": [body(`${" ".repeat(10)}${"x".repeat(284)} ${escaped.slice(1, -1)}`), { text: `${"x".repeat(290)}${escaped.slice(1, -1)}`, contentType: "text/event-stream" }],
    "a stream's headers, cut off": [{ headers, cutAfter: 20 }],
  };
  const seen = (value) => inspect(value, { depth: 20, showHidden: true, getters: true });
  for (const [place, steps] of Object.entries(places)) {
    for (const stream of [false, true]) {
      const step = steps[stream ? steps.length - 1 : 0];
      const hf = scripted(step).client({ apiKey: key, retry: false });
      const pending = ask(hf, { stream });
      const error = await pending.then((answer) => (stream ? drain(answer) : { error: null })).then((end) => end.error, (reason) => reason);
      const shown = seen([error, await pending.settled, hf.snapshot()]);
      assert.ok(!shown.includes(part), `${place}, stream ${stream}: ${shown}`);
    }
    // A key from a function is just as secret.
    const hf = scripted(...steps.slice(0, 1)).client({ apiKey: async () => key, retry: false });
    const pending = hf.embeddings.create({ model: "org/model", input: "x" });
    const shown = seen([await pending.catch((reason) => reason), await pending.settled, await hf.models.list().catch((reason) => reason)]);
    assert.ok(!shown.includes(part), `${place}, embeddings: ${shown}`);
  }
});

test("an answer's own headers show no key either, of a client that echoes them", async () => {
  const headers = { "x-echo": "Bearer hf_marker_of_echo", "x-request-id": "hf_marker_of_echo", "x-other": "1" };
  for (const stream of [false, true]) {
    const { data, response } = await ask(scripted({ headers }).client({ apiKey: "hf_marker_of_echo" }), { stream }).withResponse();
    await data.return?.();
    assert.ok(!inspect([...response.headers, response]).includes("hf_marker_of_echo"));
    assert.deepEqual([response.headers.get("x-echo"), response.headers.get("x-other")], ["Bearer [redacted]", "1"]);
  }
});

test("what a key function throws is without the keys it gave before", async () => {
  let given = false;
  const apiKey = () => {
    if (given) throw new Error("hf_marker_of_before is used up");
    given = true;
    return "hf_marker_of_before";
  };
  const hf = scripted().client({ apiKey, retry: false });
  await ask(hf);
  const error = await failure(ask(hf));
  assert.equal(error.cause.message, "[redacted] is used up");
  assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("hf_marker_of_before"));
});

test("what a thrown object shows only when it is asked is looked at too", async () => {
  class TransportError extends Error {
    #request = { headers: { authorization: "Bearer hf_marker_of_getter" } };

    get sent() {
      return this.#request;
    }
    get closed() {
      throw new Error("ask later");
    }
  }
  class ClosedError extends TransportError {}
  class Told {
    #told = "sent with hf_marker_of_getter";
    message = "reset";
    constructor(name) {
      Object.defineProperty(this, name, { value: () => this.#told });
    }
  }
  const told = ["toString", "toJSON", inspect.custom].map((name) => new Told(name));
  const made = Object.create({ message: "reset", sent: { headers: { "x-key": "hf_marker_of_getter" } } });
  for (const thrown of [new TransportError("reset"), new ClosedError("reset"), made, ...told, Object.assign(new String("hf_marker_of_getter"), { message: "reset" })]) {
    const fetch = async () => Promise.reject(thrown);
    const { cause } = await failure(ask(scripted().client({ apiKey: "hf_marker_of_getter", retry: false, fetch })));
    assert.deepEqual([cause.message, cause.sent], ["reset", undefined]);
    const kept = await failure(ask(scripted().client({ apiKey: "hf_another", retry: false, fetch })));
    assert.equal(kept.cause, thrown);
  }
});

test("to look at what was thrown makes Node warn of nothing", async (context) => {
  const warnings = [];
  const warned = ({ message }) => warnings.push(message);
  process.on("warning", warned);
  context.after(() => process.off("warning", warned));
  const thrown = Object.assign(new Error("reset"), { request: request("http://127.0.0.1:9/").on("error", () => {}) });
  thrown.request.destroy();
  assert.equal((await failure(ask(scripted().client({ retry: false, fetch: async () => Promise.reject(thrown) })))).name, "APIConnectionError");
  await new Promise(setImmediate);
  assert.deepEqual(warnings, []);
});

test("each call knows its own key, however many others were given since", async () => {
  let asked = 0;
  const answers = [];
  const fetch = (_, { headers }) => new Promise((resolve) => answers.push(() => resolve(Response.json({ error: headers.get("authorization") }, { status: 400 }))));
  const hf = scripted().client({ apiKey: () => `hf_marker_${(asked += 1)}_of_many`, retry: false, fetch });
  const calls = Array.from({ length: 50 }, () => failure(ask(hf)));
  while (answers.length < calls.length) await new Promise(setImmediate);
  for (const answer of answers) answer();
  for (const error of await Promise.all(calls)) assert.equal(error.error, "Bearer [redacted]");
});

test("a key that begins as another does is cut out whole", async () => {
  const keys = ["hf_marker", "hf_marker_and_more"];
  for (const apiKeys of [keys, [...keys].reverse()]) {
    const error = await failure(ask(scripted({ status: 400, text: `{"error":"${keys[1]}"}` }).client({ apiKey: undefined, apiKeys, retry: false })));
    assert.equal(error.error, "[redacted]");
  }
});

test("a secret in a header of the caller's own is cut out like a key", async () => {
  const secret = "marker-of-a-header";
  const headers = { "X-Api-Key": secret, "proxy-authorization": `Basic ${secret}2`, "x-trace": "a-trace-of-mine" };
  const text = JSON.stringify({ error: `${secret}, ${secret}2 and a-trace-of-mine` });
  for (const status of [200, 400]) {
    const error = await failure(scripted({ status, text, contentType: "application/json" }).client({ retry: false }).chat.completions.create({ messages: PROMPT }, { headers }));
    assert.equal(error.error, "[redacted], [redacted] and a-trace-of-mine");
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(secret));
  }
});
