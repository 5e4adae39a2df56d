// Errors: the class of every status, what a person reads, and what is refused before anything is sent.
import { PROMPT, scenario } from "./setting.mjs";

const STATUSES = [
  [400, "BadRequestError"], [401, "AuthenticationError"], [402, "PaymentRequiredError"], [403, "PermissionDeniedError"], [404, "NotFoundError"],
  [405, "APIError"], [408, "APIError"], [409, "ConflictError"], [410, "NotFoundError"], [413, "UnprocessableEntityError"], [418, "APIError"],
  [422, "UnprocessableEntityError"], [424, "APIError"], [429, "RateLimitError"], [500, "InternalServerError"], [502, "InternalServerError"],
  [503, "InternalServerError"], [504, "InternalServerError"],
];

/** Mistakes in a body, and the path that the error names. */
const BODIES = [
  [{}, "messages"],
  [{ messages: [] }, "messages"],
  [{ messages: "hi" }, "messages"],
  [{ messages: PROMPT, temperature: NaN }, "temperature"],
  [{ messages: PROMPT, max_tokens: "5" }, "max_tokens"],
  [{ messages: PROMPT, top_p: Infinity }, "top_p"],
  [{ messages: PROMPT, model: 7 }, "model"],
  [{ messages: PROMPT, stream: "yes" }, "stream"],
];

const OPTIONS = [
  [{ apiKey: "" }, "apiKey"],
  [{ apiKey: "hf_a\nb" }, "apiKey"],
  [{ apiKey: undefined, apiKeys: ["hf_a", " "] }, "apiKeys[1]"],
  [{ baseURL: "ftp://example.com" }, "baseURL"],
  [{ baseURL: "not a url" }, "baseURL"],
  [{ limits: { requestsPerMinute: -1 } }, "limits.requestsPerMinute"],
  [{ limits: { tokensPerMinute: NaN } }, "limits.tokensPerMinute"],
  [{ timeout: { idle: "1s" } }, "timeout.idle"],
  [{ headers: { "x-a": "b\r\nc: d" } }, "headers.x-a"],
  [{ budget: { usd: 1, per: "year" } }, "budget.per"],
  [{ fetch: "global" }, "fetch"],
];

export const error = [
  ...STATUSES.map(([status, name]) =>
    scenario(`status ${status} is ${name}`, async ({ client, script, closed, hfetch, assert }) => {
      // More times than requests are sent, since Chromium itself repeats a request after a 408.
      await script({ status, times: 6 });
      const hf = client({ retry: false });
      for (const stream of [true, false]) {
        const pending = hf.chat.completions.create({ messages: PROMPT, stream });
        const error = await assert.rejects(pending, hfetch.APIError);
        assert.deepEqual([error.name, error.constructor, error.status], [name, hfetch[name], status]);
        assert.match(error.requestId, /^Root=1-/);
        assert.equal(error.requestID, error.requestId);
        assert.ok(error.headers.get("content-type") && error.attempts === 1);
        assert.ok(!/<html|<p>/i.test(error.message) && error.message.length < 700, error.message);
        const { outcome, attempts, usage } = await pending.settled;
        assert.deepEqual([outcome, attempts, usage.total_tokens], ["error", 1, 0]);
      }
      await closed();
    }),
  ),

  scenario("what happened stands in the message, what to do in the hint: token, credits, permission", async ({ client, routerClient, hfetch, assert }) => {
    const failed = (hf, type) => assert.rejects(hf.chat.completions.create({ messages: PROMPT }), hfetch[type]);
    for (const [apiKey, type, happened, advised] of [
      ["hf_bad", "AuthenticationError", /Invalid username or password/, /huggingface\.co\/settings\/tokens.*Inference Providers/],
      ["hf_broke", "PaymentRequiredError", /credits/, /buy credits/],
      ["hf_noperm", "PermissionDeniedError", /sufficient permissions/, /needs the permission/],
    ]) {
      const { message, hint } = await failed(routerClient({ apiKey, retry: false }), type);
      assert.match(message, happened);
      assert.match(hint, advised);
      assert.ok(!advised.test(message), message);
      // From a server that isn't Hugging Face's, the same words give no advice about its accounts.
      const elsewhere = await failed(client({ apiKey, retry: false }), type);
      assert.equal(elsewhere.message, message);
      assert.ok(!/huggingface\.co|Inference Providers/.test(elsewhere.hint ?? ""), String(elsewhere.hint));
    }
  }),

  scenario("a key never stands in an error", async ({ client, script, hfetch, assert }) => {
    const apiKey = "hf_marker_5d1e";
    await script({ status: 401, json: { error: `no such token: ${apiKey}` } }, { status: 500, text: `Bearer ${apiKey}` });
    for (const name of ["AuthenticationError", "InternalServerError"]) {
      const error = await assert.rejects(client({ apiKey, retry: false }).chat.completions.create({ messages: PROMPT }), hfetch[name]);
      const said = [error.message, error.stack, String(error), JSON.stringify(error), JSON.stringify(error.body), JSON.stringify(error.error)].join("\n");
      assert.ok(!said.includes(apiKey), said);
    }
  }),

  scenario("503 loading is ModelLoadingError with its time in ms", async ({ client, script, hfetch, assert }) => {
    await script({ loading: 20 });
    const error = await assert.rejects(client({ retry: false }).chat.completions.create({ messages: PROMPT }), hfetch.ModelLoadingError);
    assert.deepEqual([error.status, error.estimatedTime, error.isRetryable], [503, 20_000, true]);
  }),

  scenario("Retry-After of a day is thrown, not waited for", async ({ client, script, stats, hfetch, inPage, assert }) => {
    await script({ status: 429, headers: { "retry-after": "86400" }, times: 5 });
    const hf = client({ retry: inPage ? false : undefined });
    const error = await assert.rejects(hf.chat.completions.create({ messages: PROMPT }), hfetch.RateLimitError);
    // A page can't read the header, since CORS doesn't expose it.
    assert.equal(error.retryAfter, inPage ? null : 86_400_000);
    assert.equal((await stats()).requests, 1);
  }),

  scenario("no connection: APIConnectionError with its cause", async ({ client, hfetch, assert }) => {
    const pending = client({ baseURL: "http://127.0.0.1:9/v1", retry: false }).chat.completions.create({ messages: PROMPT, stream: true });
    const error = await assert.rejects(pending, hfetch.APIConnectionError);
    assert.ok(error.cause instanceof Error);
    assert.equal(error.status, undefined);
    assert.equal((await pending.settled).outcome, "error");
  }),

  scenario("a reset before the headers: APIConnectionError", async ({ client, script, closed, hfetch, assert }) => {
    // A browser may repeat a request by itself on a connection that it has used before.
    await script({ resetBeforeHeaders: true, times: 3 });
    await assert.rejects(client({ retry: false }).chat.completions.create({ messages: PROMPT }), hfetch.APIConnectionError);
    await closed();
  }),

  scenario("a mistake in the body is a ConfigError that names it, and nothing is sent", async ({ client, stats, hfetch, assert }) => {
    const hf = client();
    for (const [body, path] of BODIES) {
      const error = await assert.rejects(async () => hf.chat.completions.create(body), hfetch.ConfigError, JSON.stringify(body));
      assert.equal(error.path, path, JSON.stringify(body));
    }
    assert.equal((await stats()).requests, 0);
  }),

  scenario("an error's stack leads to where the call was made", async ({ client, script, hfetch, assert }) => {
    await script({ status: 401 }, { sse: [{ error: "no" }] }, { status: 401 }, { status: 500 });
    const hf = client({ retry: false });
    const stream = { messages: PROMPT, stream: true };
    // Named by their keys, which no bundler shortens.
    const ways = {
      whoAsksRefused: async function whoAsksRefused() { await hf.chat.completions.create({ messages: PROMPT }); },
      whoAsksBroken: async function whoAsksBroken() { for await (const text of (await hf.chat.completions.create(stream)).text()) void text; },
      whoAsksEmbedding: async function whoAsksEmbedding() { await hf.embeddings.create({ input: "a", model: "org/m" }); },
      whoAsksCatalogue: async function whoAsksCatalogue() { await hf.models.list(); },
      whoAsksArgument: async function whoAsksArgument() { await hf.chat.completions.create({}); },
      whoAsksOption: async function whoAsksOption() { client({ apiKey: "" }); },
    };
    for (const [way, run] of Object.entries(ways)) {
      const { stack, message } = await assert.rejects(run(), hfetch.HfetchError);
      assert.ok(stack.includes(way), `${way}: ${stack}`);
      // In V8 and Bun the stack begins with the current message.
      assert.ok(!/^\w*Error/.test(stack) || stack.includes(message), stack);
    }
  }),

  scenario("a short key is a placeholder, and cut out of no message", async ({ client, script, hfetch, assert }) => {
    await script({ status: 404, json: { error: { message: "none_found of none", code: "none_found" } } });
    const error = await assert.rejects(client({ apiKey: "none", retry: false }).chat.completions.create({ messages: PROMPT }), hfetch.NotFoundError);
    assert.equal(error.code, "none_found");
    assert.ok(error.message.includes("none_found of none"), error.message);
  }),

  scenario("a mistake in the options is a ConfigError that names it", async ({ client, hfetch, assert }) => {
    for (const [options, path] of OPTIONS) {
      const error = assert.throws(() => client(options), hfetch.ConfigError, path);
      assert.equal(error.path, path);
      assert.ok(error.message.includes(path), error.message);
    }
  }),
];
