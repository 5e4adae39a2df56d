// HTTP errors as servers really send them: the class, the fields, and a message that says what to do.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { fixtureText } from "./setting/fixtures.mjs";
import { MODEL, PROMPT, failure, hfetch, scripted } from "./setting/installed.mjs";

/** A recorded body, its class, what the message must contain, and the fields. */
const TABLE = [
  ["error-400-model-not-supported.json", "BadRequestError", /microsoft\/DialoGPT-medium.*not supported/s, { code: "model_not_supported", type: "invalid_request_error", param: "model" }],
  ["error-400-model-not-found.json", "BadRequestError", /no\/such-model.*does not exist/s, { code: "model_not_found", param: "model" }],
  ["error-400-array.json", "BadRequestError", /inputs\.x.*field required.*inputs\.y/s, {}],
  ["error-400-warnings.json", "BadRequestError", /unknown error/, {}],
  ["error-401.json", "AuthenticationError", /Invalid username or password/, {}, /huggingface\.co\/settings\/tokens/],
  ["error-401.html", "AuthenticationError", /^401 an HTML page/, {}, /huggingface\.co\/settings\/tokens/],
  ["error-402.json", "PaymentRequiredError", /credits/, {}, /buy credits.*settings\/billing/],
  ["error-403.json", "PermissionDeniedError", /sufficient permissions/, {}, /settings\/tokens/],
  ["error-404.json", "NotFoundError", /no\/such-model does not exist/, {}],
  ["error-410.txt", "NotFoundError", /router\.huggingface\.co/, {}],
  ["error-413.txt", "UnprocessableEntityError", /length limit exceeded/, {}],
  ["error-422-validation.json", "UnprocessableEntityError", /must be <= 4096/, { type: "validation" }],
  ["error-422-detail.json", "UnprocessableEntityError", /messages.*Field required|Field required.*messages/s, {}],
  ["error-422.txt", "UnprocessableEntityError", /missing field `messages`/, {}],
  ["error-422-template.json", "UnprocessableEntityError", /[Tt]emplate/, { type: "template_error" }, /chat template|completes text/],
  ["error-424.json", "APIError", /CUDA out of memory/, { type: "generation" }],
  ["error-429.json", "RateLimitError", /overloaded/, { type: "overloaded" }],
  ["error-429-flat.json", "RateLimitError", /Model is overloaded/, { type: "Overloaded", code: "429" }],
  ["error-429-quota.json", "RateLimitError", /exceeded your current quota/, { code: "insufficient_quota", type: "insufficient_quota", param: null }],
  ["error-429.txt", "RateLimitError", /1000 api requests per 5 minutes/, {}],
  ["error-500-together.json", "InternalServerError", /Internal server error/, { type: "server_error", code: null }],
  ["error-502.html", "InternalServerError", /502/, {}],
  ["error-503-loading.json", "ModelLoadingError", /loading/, {}, /loading[\s\S]*20/],
  ["error-503.json", "InternalServerError", /overloaded/, {}],
  ["error-503-problem.json", "InternalServerError", /scaling from zero/, {}],
];

const TYPES = { json: "application/json", html: "text/html; charset=utf-8", txt: "text/plain; charset=utf-8" };
const retryable = new Set([408, 409, 425, 429, 500, 502, 503, 504]);

for (const [fixture, name, says, fields, advises] of TABLE) {
  test(`${fixture} is a ${name}`, async () => {
    const [, code, , suffix] = /^error-(\d+)(-[a-z-]+)?\.(\w+)$/.exec(fixture);
    const text = fixtureText(fixture);
    const status = Number(code);
    for (const stream of [true, false]) {
      const { atRouter, client, closed } = scripted({ status, text, contentType: TYPES[suffix], times: 2 });
      const error = await failure(atRouter({ retry: false }).chat.completions.create({ messages: PROMPT, stream }));
      if (advises) assert.match(error.hint, advises);
      const elsewhere = await failure(client({ retry: false }).chat.completions.create({ messages: PROMPT, stream }));
      assert.equal(elsewhere.message, error.message);
      assert.doesNotMatch(elsewhere.hint ?? "", /hugging|models\.list|HF_TOKEN|billTo/i, "another server's errors don't advise on Hugging Face");
      assert.equal(error.constructor, hfetch[name]);
      assert.ok(error instanceof hfetch.APIError && error instanceof hfetch.HfetchError && error instanceof Error);
      assert.equal(error.status, status);
      assert.match(error.message, says);
      assert.doesNotMatch(error.message, /<[a-z!]/i, "no markup in a message");
      assert.ok(error.message.length < 800, "no wall of text");
      for (const [field, value] of Object.entries(fields)) assert.equal(error[field], value, field);
      const body = suffix === "json" ? JSON.parse(text) : text;
      assert.deepEqual(error.body, body);
      assert.deepEqual(error.error, body.error ?? body);
      assert.equal(error.isRetryable, retryable.has(status));
      assert.match(error.requestId, /^Root=1-/);
      assert.equal(error.headers.get("x-request-id"), error.requestId);
      assert.equal((await closed()).requests, 2);
    }
  });
}

test("a 401 without a body still says where to get a token and which permission it needs", async () => {
  const { atRouter } = scripted({ status: 401, text: "" });
  const { hint } = await failure(atRouter().chat.completions.create({ messages: PROMPT }));
  assert.match(hint, /huggingface\.co\/settings\/tokens/);
  assert.match(hint, /Make calls to Inference Providers/);
});

test("model_not_supported says what to do: how to list live models, one that is usable", async () => {
  const { atRouter } = scripted({ status: 400, text: fixtureText("error-400-model-not-supported.json"), contentType: "application/json" });
  const { hint } = await failure(atRouter().chat.completions.create({ model: "microsoft/DialoGPT-medium", messages: PROMPT }));
  assert.match(hint, /models\.list/);
  assert.match(hint, /meta-llama\/Llama-3\.1-8B-Instruct/);
});

test("an event stream where a whole answer was asked for is an error that says so", async () => {
  const { client, closed } = scripted({ fixture: "no-done.sse" });
  const pending = client({ retry: false }).chat.completions.create({ messages: PROMPT });
  const error = await failure(pending);
  assert.ok(error instanceof hfetch.APIError && error.message.length > 20, String(error));
  assert.equal((await pending.settled).outcome, "error");
  await closed();
});

test("a 413 explains itself", async () => {
  const { client } = scripted();
  const error = await failure(client().chat.completions.create({ messages: [{ role: "user", content: "x".repeat(2_100_000) }] }));
  assert.equal(error.name, "UnprocessableEntityError");
  assert.match(error.message, /too large|size|limit/i);
});

test("a key is in no error: message, stack, body, cause, inspect, JSON, headers", async () => {
  const apiKey = "hf_marker_91f2";
  const echo = { error: { message: `bad key ${apiKey}`, headers: { authorization: `Bearer ${apiKey}` } } };
  for (const step of [{ status: 401, json: echo }, { status: 400, json: echo }, { status: 500, text: `x ${apiKey} y` }, { sse: [{ error: `for ${apiKey}` }] }, { json: echo }]) {
    const { client } = scripted(step);
    const hf = client({ apiKey, retry: false });
    const error = await failure(hf.chat.completions.create({ messages: PROMPT, stream: true }).then((stream) => stream.final()));
    const said = [error.stack, String(error), inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), inspect(hf, { depth: 9, showHidden: true }), JSON.stringify(hf)];
    for (const text of said) assert.ok(!text?.includes(apiKey), text);
  }
  const thrown = new Error(`fetch failed for ${apiKey}`, { cause: new TypeError(`invalid header: Bearer ${apiKey}`) });
  const hf = new hfetch.HuggingFace({ apiKey, baseURL: "http://x.invalid/v1", model: MODEL, retry: false, fetch: () => Promise.reject(thrown) });
  const error = await failure(hf.chat.completions.create({ messages: PROMPT }));
  assert.equal(error.name, "APIConnectionError");
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(apiKey), "the cause is redacted");
});

test("a cause without a secret is kept as it was thrown, whatever it is", async () => {
  for (const thrown of [new TypeError("fetch failed", { cause: new Error("ECONNRESET") }), "a string", { odd: true }, null, undefined]) {
    const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, fetch: () => Promise.reject(thrown) });
    const error = await failure(hf.chat.completions.create({ messages: PROMPT }));
    assert.equal(error.name, "APIConnectionError");
    assert.equal(error.cause, thrown);
  }
});

test("a fetch that throws at once, or gives no response, is a typed error", async () => {
  const odd = [() => { throw new RangeError("now"); }, async () => undefined, async () => 7, async () => ({}), async () => ({ status: 200 }), async () => ({ status: "200", headers: new Headers(), body: null })];
  for (const fetch of odd) {
    const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, fetch });
    const pending = hf.chat.completions.create({ messages: PROMPT });
    const error = await failure(pending);
    assert.ok(error instanceof hfetch.APIError, `${fetch}: ${error}`);
    assert.equal((await pending.settled).outcome, "error");
  }
});

test("a body that can't be read as a stream is an error that says so, at once", async () => {
  const used = async () => {
    const response = new Response("{}");
    response.body.getReader();
    return response;
  };
  const table = [
    [async () => ({ status: 200, headers: new Headers(), body: {} }), /getReader/],
    [async () => ({ status: 200, headers: new Headers(), body: { on() {}, pipe() {} } }), /getReader/],
    [async () => ({ status: 200, headers: new Headers() }), /getReader/],
    [used, /being read/],
  ];
  for (const [fetch, says] of table) {
    for (const call of [(hf) => hf.chat.completions.create({ messages: PROMPT, stream: true }), (hf) => hf.chat.completions.create({ messages: PROMPT }), (hf) => hf.embeddings.create({ input: "a" })]) {
      let asked = 0;
      const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, fetch: () => ((asked += 1), fetch()) });
      const pending = call(hf);
      const error = await failure(pending);
      assert.ok(error instanceof hfetch.APIConnectionError, String(error));
      assert.match(error.message, says);
      assert.deepEqual([error.status, asked, (await pending.settled).outcome, hf.snapshot().inFlight], [200, 1, "error", 0]);
    }
  }
});

test("a body of another kind is read whole where it offers that", async () => {
  const body = JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }] });
  for (const read of [{ arrayBuffer: async () => new TextEncoder().encode(body).buffer }, { text: async () => body }]) {
    const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, fetch: async () => ({ status: 200, headers: new Headers(), body: {}, ...read }) });
    assert.equal((await hf.chat.completions.create({ messages: PROMPT })).choices[0].message.content, "hi");
  }
});

test("without a fetch a call is a ConfigError that names it; making the client is not", async () => {
  const { fetch } = globalThis;
  const { client } = scripted({}, {});
  const hf = client();
  const own = client({ fetch });
  try {
    delete globalThis.fetch;
    for (const call of [() => hf.chat.completions.create({ messages: PROMPT }), () => hf.embeddings.create({ input: "a" }), () => hf.models.list()]) {
      const error = await failure(call());
      assert.deepEqual([error.name, error.path], ["ConfigError", "fetch"]);
    }
    assert.equal(hf.snapshot().spend.requests, 0);
    assert.ok((await own.chat.completions.create({ messages: PROMPT })).choices);
  } finally {
    globalThis.fetch = fetch;
  }
  // One that comes later is used.
  assert.ok((await hf.chat.completions.create({ messages: PROMPT })).choices);
});

test("the status stands in a message once", async () => {
  const table = [
    [429, { text: "429 Too Many Requests" }, /^429 Too Many Requests$/],
    [502, { text: "<html><head><title>502 Bad Gateway</title></head>" }, /^502 an HTML page titled "Bad Gateway"/],
    [400, { json: { error: { message: "Error code: 400 - bad" } } }, /^400 bad$/],
    [418, { json: { message: "HTTP/1.1 418 I'm a teapot" } }, /^418 I'm a teapot$/],
  ];
  for (const [status, step, says] of table) {
    const error = await failure(scripted({ status, ...step }).client({ retry: false }).chat.completions.create({ messages: PROMPT }));
    assert.match(error.message, says);
    assert.equal(error.message.split(status).length, 2, error.message);
  }
});

test("a success without a body is named by its status", async () => {
  for (const status of [204, 205, 202]) {
    const fetch = async () => new Response(null, { status });
    for (const call of [(hf) => hf.chat.completions.create({ messages: PROMPT }), async (hf) => (await hf.chat.completions.create({ messages: PROMPT, stream: true })).final(), (hf) => hf.embeddings.create({ input: "a" }), (hf) => hf.models.list()]) {
      const hf = new hfetch.HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: MODEL, retry: false, fetch });
      const error = await failure(call(hf));
      assert.equal(error.status, status, String(error));
      assert.match(error.message, new RegExp(`status ${status}`));
      assert.doesNotMatch(error.message, /200/);
    }
  }
});

test("a stack is made of the caller's frames, whatever somebody has done to Error", async () => {
  const { stackTraceLimit } = Error;
  const { client } = scripted(...Array(9).fill({ status: 401 }));
  const hf = client({ retry: false });
  const whoAsked = () => hf.chat.completions.create({ messages: PROMPT });
  const stack = async () => (await failure(whoAsked())).stack;
  try {
    const frames = (await stack()).split("\n    at ");
    assert.match(frames[0], /^AuthenticationError: 401 /);
    assert.ok(frames.slice(1, 4).some((frame) => frame.startsWith("whoAsked")), frames.join("\n"));
    assert.equal(Error.stackTraceLimit, stackTraceLimit, "the limit is put back");
    Error.stackTraceLimit = 0;
    assert.match(await stack(), /^AuthenticationError: 401 /);
    assert.equal(Error.stackTraceLimit, 0);
    Error.stackTraceLimit = undefined;
    assert.equal(typeof (await failure(whoAsked())).message, "string");
    Error.stackTraceLimit = stackTraceLimit;
    for (const prepare of [() => { throw new Error("no"); }, (_, sites) => sites.length]) {
      Error.prepareStackTrace = prepare;
      const error = await failure(whoAsked());
      Error.prepareStackTrace = undefined;
      assert.equal(error.name, "AuthenticationError");
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = undefined;
  }
});

test("class names survive as names, and instanceof follows the contract", () => {
  const chains = {
    BadRequestError: "APIError", AuthenticationError: "APIError", PaymentRequiredError: "APIError", PermissionDeniedError: "APIError", NotFoundError: "APIError",
    ConflictError: "APIError", UnprocessableEntityError: "APIError", RateLimitError: "APIError", ModelLoadingError: "APIError", InternalServerError: "APIError",
    APIConnectionError: "APIError", APIConnectionTimeoutError: "APIConnectionError", APIUserAbortError: "APIError", StreamError: "APIError",
    StreamTruncatedError: "StreamError", LimitExceededError: "HfetchError", BudgetExceededError: "LimitExceededError", ConfigError: "HfetchError", APIError: "HfetchError",
  };
  for (const [name, parent] of Object.entries(chains)) assert.equal(Object.getPrototypeOf(hfetch[name]), hfetch[parent], name);
});
