// Options and the provider page's config block: what is accepted, and the error of each mistake.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, mock, test } from "node:test";
import { MODEL, PROMPT, failure, hfetch, scripted } from "./setting/installed.mjs";

const { HuggingFace, ConfigError } = hfetch;
let warn;
beforeEach(() => (warn = mock.method(console, "warn", () => {})));
afterEach(() => mock.restoreAll());

/** The provider page's own block, as a YAML loader returns it. */
const page = () => ({
  llm_providers: [
    {
      id: "huggingface", type: "huggingface", api_keys: ["your-huggingface-token"], base_url: "https://api-inference.huggingface.co/v1", model: "microsoft/DialoGPT-medium",
      pricing: { input_token_cost: 0.0000002, output_token_cost: 0.0000002 }, limits: { req_per_min: 300, tokens_per_min: 100000 },
    },
  ],
});
const entry = (changes) => ({ llm_providers: [{ ...page().llm_providers[0], ...changes }] });

/** Records what was asked for and answers nothing useful. */
function recorder() {
  const seen = [];
  const fetch = async (url, init) => {
    seen.push({ url, headers: new Headers(init.headers), body: JSON.parse(init.body) });
    return new Response(JSON.stringify({ error: "recorded" }), { status: 400, headers: { "content-type": "application/json" } });
  };
  return { seen, fetch };
}

test("the page's own block loads; the dead host is rewritten with one warning", async () => {
  const { seen, fetch } = recorder();
  const hf = HuggingFace.fromConfig(page(), {}, { fetch, retry: false });
  await failure(hf.chat.completions.create({ messages: PROMPT }));
  assert.equal(seen[0].url, "https://router.huggingface.co/v1/chat/completions");
  assert.deepEqual([seen[0].body.model, seen[0].headers.get("authorization")], ["microsoft/DialoGPT-medium", "Bearer your-huggingface-token"]);
  const warnings = warn.mock.calls.map(({ arguments: [text] }) => text);
  assert.equal(warnings.filter((text) => /api-inference/.test(text)).length, 1, warnings.join("\n"));
  assert.equal(warnings.filter((text) => /unit/.test(text)).length, 1, "the doubtful rate is told once");
});

test("one entry alone, other top-level keys and other providers are fine", () => {
  HuggingFace.fromConfig(page().llm_providers[0]);
  HuggingFace.fromConfig({ version: "1.0", server: { listen: ":2906" }, policy: {}, llm_providers: [{ id: "openai", type: "openai", whatever: 1 }, ...page().llm_providers] });
});

test("${NAME} keys come from env", async () => {
  const { seen, fetch } = recorder();
  const hf = HuggingFace.fromConfig(entry({ api_keys: ["${MY_TOKEN}"] }), { env: { MY_TOKEN: "hf_from_env" } }, { fetch, retry: false });
  await failure(hf.chat.completions.create({ messages: PROMPT }));
  assert.equal(seen[0].headers.get("authorization"), "Bearer hf_from_env");
  assert.throws(() => HuggingFace.fromConfig(entry({ api_keys: ["${MY_TOKEN}"] }), { env: {} }), (error) => error instanceof ConfigError && /MY_TOKEN/.test(error.message) && error.path === "llm_providers[0].api_keys[0]");
});

test("select chooses by id; options win over the file", async () => {
  const two = { llm_providers: [{ ...page().llm_providers[0], id: "one", base_url: "https://one.example/v1" }, { ...page().llm_providers[0], id: "two", base_url: "https://two.example/v1" }] };
  const { seen, fetch } = recorder();
  await failure(HuggingFace.fromConfig(two, { id: "two" }, { fetch, retry: false, model: "org/other" }).chat.completions.create({ messages: PROMPT }));
  assert.deepEqual([seen[0].url, seen[0].body.model], ["https://two.example/v1/chat/completions", "org/other"]);
  assert.throws(() => HuggingFace.fromConfig(two), ConfigError);
  assert.throws(() => HuggingFace.fromConfig(two, { id: "three" }), ConfigError);
});

const PAGE_MISTAKES = [
  [{ llm_providers: [] }, null],
  [{ llm_providers: [{ id: "openai", type: "openai" }] }, null],
  [{}, null],
  [null, null],
  ["yaml text", null],
  [entry({ limits: { req_per_min: "300" } }), "llm_providers[0].limits.req_per_min"],
  [entry({ limits: { req_per_minute: 300 } }), "llm_providers[0].limits.req_per_minute"],
  [entry({ limits: { tokens_per_min: -1 } }), "llm_providers[0].limits.tokens_per_min"],
  [entry({ pricing: { input_token_cost: 2e-7 } }), "llm_providers[0].pricing.output_token_cost"],
  [entry({ pricing: { input_token_cost: "0", output_token_cost: 0 } }), "llm_providers[0].pricing.input_token_cost"],
  [entry({ api_keys: "hf_x" }), "llm_providers[0].api_keys"],
  [entry({ api_keys: [] }), "llm_providers[0].api_keys"],
  [entry({ api_keys: [7] }), "llm_providers[0].api_keys[0]"],
  [entry({ model: 7 }), "llm_providers[0].model"],
  [entry({ base_url: "ftp://x" }), "llm_providers[0].base_url"],
  [entry({ modle: "x" }), "llm_providers[0].modle"],
  [entry({ id: undefined }), "llm_providers[0].id"],
];
for (const [config, path] of PAGE_MISTAKES) {
  test(`config mistake: ${path ?? JSON.stringify(config)}`, () => {
    assert.throws(() => HuggingFace.fromConfig(config), (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      if (path) assert.equal(error.path, path);
      return true;
    });
  });
}

test("a selected entry of another type is a ConfigError", () => {
  assert.throws(() => HuggingFace.fromConfig({ llm_providers: [{ id: "oa", type: "openai" }, ...page().llm_providers] }, { id: "oa" }), ConfigError);
});

test("name, max_tokens and session limits are taken and ignored with one warning", () => {
  HuggingFace.fromConfig(entry({ name: "HF", base_url: undefined, pricing: { input_token_cost: 0.2, output_token_cost: 0.2, unit: "1m" }, limits: { req_per_min: 5, max_tokens: 8192, session_limit: 1, session_type: "1h" } }));
  assert.equal(warn.mock.callCount(), 1, warn.mock.calls.map(({ arguments: [text] }) => text).join("\n"));
});

const OPTION_MISTAKES = [
  [{ apiKey: "" }, "apiKey"], [{ apiKey: 7 }, "apiKey"], [{ apiKey: "hf a" }, "apiKey"], [{ apiKey: "hf_a\r\nx: y" }, "apiKey"], [{ apiKey: "hf_ü" }, "apiKey"],
  [{ apiKeys: [] }, "apiKeys"], [{ apiKeys: "hf_a" }, "apiKeys"], [{ apiKeys: ["hf_a", ""] }, "apiKeys[1]"],
  [{ baseURL: "" }, "baseURL"], [{ baseURL: "file:///etc" }, "baseURL"], [{ baseURL: "https://user:pw@host/v1" }, "baseURL"], [{ baseURL: 5 }, "baseURL"],
  [{ model: "" }, "model"], [{ model: 5 }, "model"],
  [{ pricing: { inputPerMillion: -1, outputPerMillion: 1 } }, "pricing.inputPerMillion"], [{ pricing: { inputPerMillion: 1 } }, "pricing.outputPerMillion"], [{ pricing: "cheap" }, "pricing"],
  [{ pricing: { input_token_cost: 1, output_token_cost: 1, unit: "1g" } }, "pricing.unit"],
  [{ limits: { requestsPerMinute: 1.5e400 } }, "limits.requestsPerMinute"], [{ limits: { requestPerMinute: 1 } }, "limits.requestPerMinute"], [{ limits: { onLimit: "drop" } }, "limits.onLimit"], [{ limits: { maxWait: -5 } }, "limits.maxWait"],
  [{ budget: { usd: -1, per: "day" } }, "budget.usd"], [{ budget: { usd: 1 } }, "budget.per"],
  [{ embeddings: { batchSize: 0 } }, "embeddings.batchSize"], [{ embeddings: { concurrency: "2" } }, "embeddings.concurrency"],
  [{ retry: { maxAttempts: 0 } }, "retry.maxAttempts"], [{ retry: true }, "retry"], [{ retry: { baseDelay: NaN } }, "retry.baseDelay"], [{ maxRetries: -1 }, "maxRetries"],
  [{ timeout: -1 }, "timeout"], [{ timeout: { read: 5 } }, "timeout.read"], [{ maxEventBytes: 0 }, "maxEventBytes"], [{ maxAnswerBytes: 0 }, "maxAnswerBytes"],
  [{ billTo: "a\nb" }, "billTo"], [{ headers: { "bad name": "x" } }, "headers.bad name"], [{ headers: { "x-a": 5 } }, "headers.x-a"], [{ headers: { "x-a": "a\0b" } }, "headers.x-a"],
  [{ fetch: {} }, "fetch"], [{ onSettled: "log" }, "onSettled"], [{ store: {} }, "store.reserve"], [{ apikey: "hf_x" }, "apikey"],
];
for (const [options, path] of OPTION_MISTAKES) {
  // No key is printed in a run, not even in a title.
  const shown = JSON.stringify(Object.values(options)[0])?.replaceAll(/hf_\w+/g, "…");
  test(`option mistake: ${path} ${shown}`, () => {
    const base = "apiKeys" in options ? {} : { apiKey: "hf_x" };
    assert.throws(() => new HuggingFace({ ...base, ...options }), (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      assert.equal(error.path, path);
      assert.ok(!error.message.includes("hf_a"), "a key is never quoted");
      return true;
    });
  });
}

test("a name that is nearly right is suggested", () => {
  assert.throws(() => new HuggingFace({ apiKey: "hf_x", limits: { requestPerMinute: 1 } }), /requestsPerMinute/);
});

const REQUEST_MISTAKES = [
  [{ signal: {} }, "signal"], [{ timeout: { idle: NaN } }, "timeout.idle"], [{ retry: { maxDelay: "1s" } }, "retry.maxDelay"],
  [{ headers: { "x-a": "b\nc" } }, "headers.x-a"], [{ onSettled: 5 }, "onSettled"], [{ tiemout: 5 }, "tiemout"],
];
for (const [options, path] of REQUEST_MISTAKES) {
  test(`request option mistake: ${path}`, async () => {
    const script = scripted();
    const error = await failure((async () => script.client().chat.completions.create({ messages: PROMPT }, options))());
    assert.deepEqual([error.name, error.path], ["ConfigError", path]);
    assert.equal((await script.stats()).requests, 0);
  });
}

test("base URLs as people paste them all end at the same place", async () => {
  for (const baseURL of ["https://h.example", "https://h.example/", "https://h.example/v1", "https://h.example/v1///", "https://h.example/v1/chat/completions", "https://h.example/v1/chat/completions/"]) {
    const { seen, fetch } = recorder();
    await failure(new HuggingFace({ apiKey: "hf_x", baseURL, model: MODEL, fetch, retry: false }).chat.completions.create({ messages: PROMPT }));
    assert.equal(seen[0].url, "https://h.example/v1/chat/completions", baseURL);
  }
});

test("without a key the router is a ConfigError; any other base URL is called without Authorization", async () => {
  const saved = process.env.HF_TOKEN;
  delete process.env.HF_TOKEN;
  try {
    const error = await failure((async () => new HuggingFace({ model: MODEL, fetch: recorder().fetch }).chat.completions.create({ messages: PROMPT }))());
    assert.ok(error instanceof ConfigError && /HF_TOKEN|apiKey/.test(error.message), String(error));
    const { seen, fetch } = recorder();
    await failure(new HuggingFace({ baseURL: "http://localhost:8080", model: MODEL, fetch, retry: false }).chat.completions.create({ messages: PROMPT }));
    assert.equal(seen[0].headers.get("authorization"), null);
  } finally {
    if (saved !== undefined) process.env.HF_TOKEN = saved;
  }
});

test("no model anywhere is a ConfigError that says where to put one", async () => {
  const { seen, fetch } = recorder();
  const hf = new HuggingFace({ apiKey: "hf_x", fetch });
  for (const model of [undefined, null]) {
    const error = await failure((async () => hf.chat.completions.create({ model, messages: PROMPT }))());
    assert.deepEqual([error.name, error.path], ["ConfigError", "model"]);
  }
  assert.equal(seen.length, 0);
});

test("HF_TOKEN of the environment is the default key", () => {
  const code = `
    const { hfetch } = await import(${JSON.stringify(new URL("setting/installed.mjs", import.meta.url).href)});
    const hf = new hfetch.HuggingFace({ model: "m/m", retry: false, fetch: async (url, init) => { console.log(new Headers(init.headers).get("authorization")); return new Response("{}", { status: 400 }); } });
    await hf.chat.completions.create({ messages: [{ role: "user", content: "x" }] }).catch(() => {});
    process.exit(0);`;
  const env = { ...process.env, HF_TOKEN: "hf_env_token", NODE_TEST_CONTEXT: undefined };
  assert.match(execFileSync(process.execPath, ["--input-type=module", "-e", code], { env, encoding: "utf8" }), /Bearer hf_env_token/);
});

test("options are read once: changing them later changes nothing", async () => {
  const { seen, fetch } = recorder();
  const options = { apiKey: "hf_x", baseURL: "https://h.example/v1", model: "a/b", headers: { "x-a": "1" }, fetch, retry: false };
  const hf = new HuggingFace(options);
  options.headers["x-a"] = "2";
  options.model = "c/d";
  await failure(hf.chat.completions.create({ messages: PROMPT }));
  assert.deepEqual([seen[0].headers.get("x-a"), seen[0].body.model], ["1", "a/b"]);
});

test("frozen and null-prototype options and bodies are fine", async () => {
  const { seen, fetch } = recorder();
  const hf = new HuggingFace(Object.freeze(Object.assign(Object.create(null), { apiKey: "hf_x", baseURL: "https://h.example/v1", model: "a/b", fetch, retry: false })));
  await failure(hf.chat.completions.create(Object.freeze({ messages: Object.freeze([Object.freeze({ role: "user", content: "x" })]) })));
  assert.equal(seen[0].body.messages[0].content, "x");
});
