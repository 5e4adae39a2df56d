// Options in the wrong place, or under a name that other clients use: they are understood as meant, or the error names them.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { MODEL, PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const EMBED = { model: "org/model", input: "x" };

/** The calls that take a body. */
const CALLS = [
  (hf, body, options) => hf.chat.completions.create({ messages: PROMPT, ...body }, options),
  (hf, body, options) => hf.chat.completions.create({ messages: PROMPT, stream: true, ...body }, options).then((stream) => stream.final()),
  (hf, body, options) => hf.embeddings.create({ ...EMBED, ...body }, options),
];

test("a signal in the body is the call's signal, and is not sent", async () => {
  for (const call of CALLS) {
    const script = scripted({});
    const { signal } = new AbortController();
    await call(script.client(), { signal });
    const { bodies } = await script.closed();
    assert.ok(!("signal" in bodies.at(-1)), JSON.stringify(bodies.at(-1)));
    for (const where of [{ body: true }, { options: true }, { body: true, options: true, other: true }, { options: true, body: true }]) {
      const stalling = scripted({ stallBeforeHeaders: true });
      const [abort, other] = [new AbortController(), new AbortController()];
      const given = where.other ? other.signal : abort.signal;
      const pending = call(stalling.client(), where.body ? { signal: abort.signal } : {}, where.options ? { signal: given } : undefined);
      await stalling.stats("open:1");
      (where.other ? other : abort).abort("enough");
      const error = await failure(pending);
      assert.deepEqual([error.name, error.cause], ["APIUserAbortError", "enough"], JSON.stringify(where));
      assert.equal((await stalling.closed()).disconnected, 1);
    }
  }
});

test("of two signals either ends the call, and neither keeps anything of it", async () => {
  const script = scripted({ stallBeforeHeaders: true }, {});
  const [first, second] = [new AbortController(), new AbortController()];
  const listeners = new Map([[first.signal, 0], [second.signal, 0]]);
  for (const signal of listeners.keys()) {
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...given) => (listeners.set(signal, listeners.get(signal) + 1), addEventListener.apply(signal, given));
    signal.removeEventListener = (...given) => (listeners.set(signal, listeners.get(signal) - 1), removeEventListener.apply(signal, given));
  }
  const hf = script.client();
  const pending = hf.chat.completions.create({ messages: PROMPT, signal: first.signal }, { signal: second.signal });
  await script.stats("open:1");
  assert.deepEqual([...listeners.values()], [1, 1]);
  first.abort("first");
  assert.equal((await failure(pending)).cause, "first");
  assert.deepEqual([...listeners.values()], [0, 0]);
  const aborted = await failure(hf.chat.completions.create({ messages: PROMPT, signal: first.signal }, { signal: second.signal }));
  assert.equal(aborted.cause, "first");
  await hf.chat.completions.create({ messages: PROMPT, signal: second.signal });
  assert.deepEqual([...listeners.values()], [0, 0]);
});

test("no signal is none, and anything else of that name in a body is refused by name", async () => {
  const script = scripted({}, {});
  for (const signal of [null, undefined]) await script.client().chat.completions.create({ messages: PROMPT, signal });
  const { bodies } = await script.closed();
  for (const body of bodies) assert.ok(!("signal" in body), JSON.stringify(body));
  const live = [new AbortController(), new (class Signal {})(), {}, { aborted: false }, [], new Map(), "abort", 7, true, () => {}, Symbol("s")];
  for (const call of CALLS) {
    for (const signal of live) {
      const error = await failure(call(script.client(), { signal }));
      assert.deepEqual([error.name, error.path], ["ConfigError", "signal"], String(error));
    }
  }
  assert.equal((await script.stats()).requests, 2);
});

test("the caller's body is as it was", async () => {
  const body = Object.freeze({ messages: PROMPT, signal: new AbortController().signal });
  await scripted({}).client().chat.completions.create(body);
  assert.deepEqual(Object.keys(body), ["messages", "signal"]);
});

test("an option's function in the body is told where it belongs", async () => {
  for (const [name, says] of [["fetch", /option of the client/], ["onSettled", /behind the body/]]) {
    for (const call of CALLS) {
      const error = await failure(call(scripted({}).client(), { [name]: () => {} }));
      assert.deepEqual([error.name, error.path], ["ConfigError", name]);
      assert.match(error.message, says);
    }
  }
});

/** The warnings while `run` is running. */
async function warnings(run) {
  const warn = mock.method(console, "warn", () => {});
  try {
    await run();
    return warn.mock.calls.map(({ arguments: [text] }) => text);
  } finally {
    warn.mock.restore();
  }
}

test("a misspelt parameter is warned of once, whoever writes it, and is sent", async () => {
  const script = scripted({}, {}, {}, {});
  const told = await warnings(async () => {
    for (let call = 0; call < 2; call++) {
      const hf = script.client();
      await hf.chat.completions.create({ messages: PROMPT, max_token: 5, top_k: 3, min_tokens: 1, models: ["a/b"], x_own: 1 });
      await hf.chat.completions.create({ messages: PROMPT, max_token: 5 });
    }
  });
  assert.deepEqual(told, ["hfetch: max_token in a body is sent as it is; did you mean max_tokens?"]);
  for (const body of (await script.closed()).bodies) assert.equal(body.max_token, 5);
});

test("options in a body are warned of by name, once each, and in an embeddings' body too", async () => {
  const script = scripted();
  const told = await warnings(async () => {
    for (const call of CALLS) await call(script.client(), { timeout: 5, headers: { "x-a": "1" }, userr: "u" });
  });
  assert.equal(told.length, 3, told.join("\n"));
  assert.match(told[0], /^hfetch: timeout in a body .* as an option it belongs behind the body/);
  assert.match(told[1], /^hfetch: headers in a body/);
  assert.match(told[2], /did you mean user\?$/);
});

test("a console that throws changes nothing", async () => {
  const warn = mock.method(console, "warn", () => {
    throw new Error("no console");
  });
  try {
    assert.equal((await scripted({}).client().chat.completions.create({ messages: PROMPT, tempratur: 1 })).object, "chat.completion");
  } finally {
    warn.mock.restore();
  }
});

test("dangerouslyAllowBrowser is warned of once and changes nothing", async () => {
  const script = scripted({}, {});
  const told = await warnings(async () => {
    for (const dangerouslyAllowBrowser of [true, false]) {
      await script.client({ dangerouslyAllowBrowser }).chat.completions.create({ messages: PROMPT });
    }
  });
  assert.equal(told.length, 1, told.join("\n"));
  assert.match(told[0], /^hfetch: dangerouslyAllowBrowser is not needed/);
});

test("what other clients call their options is refused by the name that it has here", () => {
  for (const [given, ours] of [["accessToken", /apiKey/], ["defaultHeaders", /headers/], ["endpointUrl", /baseURL/], ["httpAgent", /fetch/]]) {
    assert.throws(() => new hfetch.HuggingFace({ apiKey: "hf_x", [given]: "x" }), (error) => error.name === "ConfigError" && error.path === given && ours.test(error.message));
  }
});

test("timeout.headers is the time to the headers, and connect is another name for it", async () => {
  for (const timeout of [{ headers: 60 }, { connect: 60 }, { headers: 60, connect: 60 }]) {
    for (const [client, request] of [[{ timeout }, undefined], [{}, { timeout }]]) {
      const script = scripted({ stallBeforeHeaders: true });
      const error = await failure(script.client(client).chat.completions.create({ messages: PROMPT }, request));
      assert.deepEqual([error.name, error.phase], ["APIConnectionTimeoutError", "connect"]);
      assert.match(error.message, /within 60 ms \(timeout\.headers\)/);
    }
  }
  const both = { headers: 60, connect: 61 };
  assert.throws(() => new hfetch.HuggingFace({ apiKey: "hf_x", timeout: both }), ({ name, path }) => name === "ConfigError" && path === "timeout.connect");
  const error = await failure(scripted({}).client().chat.completions.create({ messages: PROMPT }, { timeout: both }));
  assert.deepEqual([error.name, error.path], ["ConfigError", "timeout.connect"]);
});

/** Runs with the globals of a page or of a worker. */
function within(globals, run) {
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    return run();
  } finally {
    for (const [name, descriptor] of before) {
      delete globalThis[name];
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    }
  }
}

test("a relative base URL is relative to the page", async () => {
  const page = { document: { baseURI: "https://app.example/chat/room" }, location: new URL("https://app.example/chat/room") };
  const worker = { location: new URL("https://app.example/js/worker.js") };
  const blob = { location: { href: "blob:https://app.example/0b6a", origin: "https://app.example" } };
  const base = { document: { baseURI: "https://cdn.example/base/" }, location: new URL("https://app.example/") };
  for (const [globals, baseURL, url] of [
    [page, "/v1", "https://app.example/v1/chat/completions"],
    [page, "/", "https://app.example/v1/chat/completions"],
    [page, "./v1", "https://app.example/chat/v1/chat/completions"],
    [page, "../v1/", "https://app.example/v1/chat/completions"],
    [page, "//gw.example/v1", "https://gw.example/v1/chat/completions"],
    [page, "http://other.example/v1", "http://other.example/v1/chat/completions"],
    [worker, "/v1", "https://app.example/v1/chat/completions"],
    [blob, "/v1", "https://app.example/v1/chat/completions"],
    [base, "/v1", "https://cdn.example/v1/chat/completions"],
  ]) {
    const sent = [];
    const fetch = async (to) => (sent.push(to), Response.json({ object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }] }));
    const made = (options) => within(globals, () => options(baseURL, fetch));
    const clients = [
      made(() => new hfetch.HuggingFace({ baseURL, model: MODEL, fetch, apiKey: "hf_x" })),
      made(() => hfetch.HuggingFace.fromConfig({ llm_providers: [{ id: "hf", type: "huggingface", api_keys: ["hf_x"], base_url: baseURL, model: MODEL }] }, {}, { fetch })),
    ];
    for (const hf of clients) await hf.chat.completions.create({ messages: PROMPT });
    assert.deepEqual(sent, [url, url], baseURL);
  }
});

test("where there is no page a relative base URL is refused, and the error says why", async () => {
  const file = { document: { baseURI: "file:///home/a/index.html" }, location: new URL("file:///home/a/index.html") };
  for (const globals of [{}, file, { document: undefined, location: undefined }]) {
    for (const baseURL of ["/v1", "./v1", "//gw.example/v1"]) {
      assert.throws(() => within(globals, () => new hfetch.HuggingFace({ apiKey: "hf_x", baseURL })), ({ name, path, message }) => name === "ConfigError" && path === "baseURL" && /relative/.test(message) && /no page/.test(message));
    }
  }
  // Without a slash at its beginning, a text can't mean the page's own host.
  assert.throws(() => within({ location: new URL("https://app.example/") }, () => new hfetch.HuggingFace({ baseURL: "router.huggingface.co/v1" })), /https:\/\//);
});
