// The gateway's settings: options win over variables, and an error names the setting and never quotes its value.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch as errors } from "../../package/setting/installed.mjs";
import { runOn } from "../../../src/js/gateway/client.js";
import { settings } from "../../../src/js/gateway/setting.js";
import { openUpstream } from "../../../src/js/gateway/upstream.js";

runOn(errors.HuggingFace, errors.internals);

const SECRET = "a secret of the operator's, long enough";
const OPEN = { GATEWAY_CLIENT_KEYS: "client-key" };
const read = (env, options) => settings(options, { ...OPEN, ...env });

test("keys of the model's server: one, several by comma, numbered, each once and in order", () => {
  for (const [env, keys] of [
    [{}, undefined],
    [{ HF_TOKEN: "" }, undefined],
    [{ HF_TOKEN: "hf_a" }, ["hf_a"]],
    [{ HF_TOKEN: " hf_a, hf_b,,hf_a " }, ["hf_a", "hf_b"]],
    [{ HF_TOKEN_10: "hf_ten", HF_TOKEN_2: "hf_two,hf_two_b", HF_TOKEN_1: "hf_one" }, ["hf_one", "hf_two", "hf_two_b", "hf_ten"]],
    [{ HF_TOKEN: "hf_a", HF_TOKEN_1: "hf_b", HF_TOKEN_X: "hf_no" }, ["hf_a", "hf_b"]],
  ]) assert.deepEqual(read(env).apiKeys, keys, JSON.stringify(env));
});

test("every variable", () => {
  const env = {
    HF_BASE_URL: "https://tgi.example/v1", HF_BILL_TO: "acme", GATEWAY_CLIENT_KEYS: "one, two", GATEWAY_TICKET_SECRET: `  ${SECRET}\n`, GATEWAY_AUDIENCE: "https://gw.example", GATEWAY_URL: "https://GW.example/v1",
    GATEWAY_ORIGINS: "https://App.example/, http://localhost:5173", GATEWAY_MODELS: "meta-llama/*,org/name",
    GATEWAY_MAX_TOKENS: "500", GATEWAY_MAX_N: "1", GATEWAY_MAX_BODY_BYTES: "1000", GATEWAY_MAX_MESSAGES: "20",
    GATEWAY_TIMEOUT_CONNECT: "90000", GATEWAY_TIMEOUT_IDLE: "45000", GATEWAY_TIMEOUT_TOTAL: "600000", GATEWAY_EMBEDDINGS_BATCH: "256", GATEWAY_EARLY_HEAD: "0",
    GATEWAY_REQUESTS_PER_MINUTE: "100", GATEWAY_TOKENS_PER_MINUTE: "50000", GATEWAY_REQUESTS_PER_MONTH: "9000", GATEWAY_MAX_CONCURRENT: "8",
    GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "10", GATEWAY_KEY_TOKENS_PER_MINUTE: "30000",
    GATEWAY_BUDGET_USD: "12.50", GATEWAY_BUDGET_PER: "day", GATEWAY_UNKNOWN_MEMBERS: "refuse", GATEWAY_PRICING: '{"inputPerMillion":1,"outputPerMillion":2}',
  };
  const given = settings({}, env);
  assert.deepEqual(JSON.parse(JSON.stringify(given)), {
    baseURL: "https://tgi.example/v1", billTo: "acme", clientKeys: ["one", "two"], ticketSecret: SECRET, audience: "https://gw.example", url: "https://gw.example",
    origins: ["https://app.example", "http://localhost:5173"], models: ["meta-llama/*", "org/name"],
    caps: { maxTokens: 500, n: 1, bodyBytes: 1000, messages: 20 },
    timeout: { connect: 90_000, idle: 45_000, total: 600_000 }, embeddings: { batchSize: 256 }, earlyHead: 0,
    limits: { requestsPerMinute: 100, tokensPerMinute: 50_000, requestsPerMonth: 9_000, maxConcurrent: 8 },
    share: { maxConcurrent: 2 }, clientLimits: { requestsPerMinute: 10, maxConcurrent: 2 }, keyLimits: { tokensPerMinute: 30_000 },
    budget: { usd: 12.5, per: "day" }, unknownMembers: "refuse", pricing: { inputPerMillion: 1, outputPerMillion: 2 },
  });
});

test("a Worker's variables may be JSON", () => {
  const given = settings({}, { GATEWAY_CLIENT_KEYS: ["one", "two"], GATEWAY_REQUESTS_PER_MINUTE: 5, GATEWAY_BUDGET_USD: 3, GATEWAY_MODELS: ["a/b"] });
  assert.deepEqual([given.clientKeys, given.limits, given.budget, given.models], [["one", "two"], { requestsPerMinute: 5 }, { usd: 3, per: "month" }, ["a/b"]]);
});

test("options win over variables, and 0 is no limit", () => {
  const env = { GATEWAY_REQUESTS_PER_MINUTE: "100", GATEWAY_MODELS: "a/*", GATEWAY_MAX_N: "1", GATEWAY_MAX_TOKENS: "10" };
  const given = read(env, { limits: { requestsPerMonth: 7, tokensPerMinute: 0, onLimit: "wait" }, models: ["b/*"], caps: { n: 2 } });
  assert.deepEqual([given.limits, given.models, given.caps.n, given.caps.maxTokens], [{ requestsPerMonth: 7 }, ["b/*"], 2, 10]);
  assert.deepEqual(read({ GATEWAY_REQUESTS_PER_MINUTE: "0" }).limits, {});
});

test("patience and batches: what is not given is the client's own, options win one by one", () => {
  const { timeout, embeddings, earlyHead } = read({});
  assert.deepEqual([timeout, embeddings, earlyHead], [undefined, undefined, 7_000]);
  const env = { GATEWAY_TIMEOUT_CONNECT: "1000", GATEWAY_TIMEOUT_IDLE: "2000", GATEWAY_EMBEDDINGS_BATCH: "8" };
  const given = read(env, { timeout: { connect: 5 }, embeddings: { concurrency: 2 }, earlyHead: 100 });
  assert.deepEqual([given.timeout, given.embeddings, given.earlyHead], [{ connect: 5, idle: 2_000 }, { batchSize: 8, concurrency: 2 }, 100]);
  for (const [wrong, path] of [
    [{ timeout: 5 }, "timeout"], [{ timeout: { read: 5 } }, "timeout.read"], [{ timeout: { idle: 0 } }, "timeout.idle"], [{ timeout: { total: "soon" } }, "timeout.total"],
    [{ embeddings: { batchSize: 0 } }, "embeddings.batchSize"], [{ embeddings: { size: 1 } }, "embeddings.size"], [{ earlyHead: -1 }, "earlyHead"],
  ]) assert.throws(() => read({}, wrong), { name: "ConfigError", path });
  for (const name of ["GATEWAY_TIMEOUT_CONNECT", "GATEWAY_EMBEDDINGS_BATCH", "GATEWAY_EARLY_HEAD"]) assert.throws(() => read({ [name]: "1 s" }), { name: "ConfigError", path: name });
});

test("a budget needs prices: the live ones where none are given", () => {
  assert.equal(read({ GATEWAY_BUDGET_USD: "1" }).pricing, "live");
  assert.equal(read({}, { budget: { usd: 1, per: "total" }, pricing: { inputPerMillion: 1, outputPerMillion: 1 } }).pricing.inputPerMillion, 1);
  assert.equal(read({}).pricing, undefined);
});

test("nobody may call: that is an error, and an open gateway is written down", () => {
  assert.throws(() => settings({}, {}), { name: "ConfigError", path: "GATEWAY_CLIENT_KEYS", message: /GATEWAY_TICKET_SECRET.*authorize/ });
  assert.throws(() => settings({}, { GATEWAY_CLIENT_KEYS: " , " }), { path: "GATEWAY_CLIENT_KEYS" });
  for (const options of [{ authorize: () => ({ client: "anyone" }) }, { ticketSecret: SECRET, url: "https://gw.example" }, { clientKeys: ["k"] }]) settings(options, {});
});

test("what is wrong is named, its value is not", () => {
  const VALUE = "hf_wr0ng";
  const variables = [
    "GATEWAY_MAX_TOKENS", "GATEWAY_MAX_N", "GATEWAY_MAX_BODY_BYTES", "GATEWAY_MAX_MESSAGES", "GATEWAY_REQUESTS_PER_MINUTE", "GATEWAY_CLIENT_TOKENS_PER_MINUTE",
    "GATEWAY_KEY_MAX_CONCURRENT", "GATEWAY_BUDGET_USD", "GATEWAY_PRICING", "GATEWAY_ORIGINS",
  ];
  const cases = [
    ...variables.map((name) => [{ [name]: VALUE }, {}, name]),
    [{ GATEWAY_BUDGET_USD: "1", GATEWAY_BUDGET_PER: VALUE }, {}, "GATEWAY_BUDGET_PER"],
    [{ GATEWAY_UNKNOWN_MEMBERS: VALUE }, {}, "GATEWAY_UNKNOWN_MEMBERS"],
    [{}, { unknownMembers: VALUE }, "unknownMembers"],
    [{ GATEWAY_MAX_TOKENS: "0" }, {}, "GATEWAY_MAX_TOKENS"],
    [{ GATEWAY_MAX_TOKENS: "-5" }, {}, "GATEWAY_MAX_TOKENS"],
    [{ GATEWAY_MAX_TOKENS: "1e3" }, {}, "GATEWAY_MAX_TOKENS"],
    [{ GATEWAY_ORIGINS: "https://app.example/path" }, {}, "GATEWAY_ORIGINS"],
    [{ GATEWAY_ORIGINS: "null" }, {}, "GATEWAY_ORIGINS"],
    [{ GATEWAY_CLIENT_KEYS: 7 }, {}, "GATEWAY_CLIENT_KEYS"],
    [{ GATEWAY_TICKET_SECRET: { no: "text" } }, {}, "GATEWAY_TICKET_SECRET"],
    [{ GATEWAY_TICKET_SECRET: VALUE }, {}, "GATEWAY_TICKET_SECRET"],
    [{ GATEWAY_TICKET_SECRET: `${VALUE}${" ".repeat(30)}` }, {}, "GATEWAY_TICKET_SECRET"],
    [{}, { ticketSecret: VALUE }, "ticketSecret"],
    [{ GATEWAY_URL: VALUE }, {}, "GATEWAY_URL"],
    [{ GATEWAY_URL: `ftp://${VALUE}` }, {}, "GATEWAY_URL"],
    [{}, { url: 7 }, "url"],
    [{ GATEWAY_BUDGET_USD: "0" }, {}, "GATEWAY_BUDGET_USD"],
    [{ GATEWAY_BUDGET_USD: "0.00" }, {}, "GATEWAY_BUDGET_USD"],
    [{}, { budget: { usd: 0, per: "day" } }, "budget.usd"],
    [{}, { limits: { requestsPerMinute: "5" } }, "limits.requestsPerMinute"],
    [{}, { clientkeys: [VALUE] }, "clientkeys"],
    [{}, { clientKeys: VALUE }, "clientKeys"],
    [{}, { clientKeys: [""] }, "clientKeys"],
    [{}, { apiKeys: [7] }, "apiKeys"],
    [{}, { baseURL: 7 }, "baseURL"],
    [{}, { authorize: VALUE }, "authorize"],
    [{}, { onSettled: VALUE }, "onSettled"],
    [{}, { caps: { maxTokens: VALUE } }, "caps.maxTokens"],
    [{}, { caps: { tokens: 1 } }, "caps.tokens"],
    [{ GATEWAY_BUDGET_USD: "1000000001" }, {}, "GATEWAY_BUDGET_USD"],
    [{ GATEWAY_BUDGET_USD: [5] }, {}, "GATEWAY_BUDGET_USD"],
    [{}, { budget: { usd: 2e9, per: "day" } }, "budget.usd"],
    [{ GATEWAY_TIMEOUT_IDLE: "2147483648" }, {}, "GATEWAY_TIMEOUT_IDLE"],
    [{}, { timeout: { total: 2 ** 31 } }, "timeout.total"],
    [{ GATEWAY_EARLY_HEAD: "2147483648" }, {}, "GATEWAY_EARLY_HEAD"],
    [{}, { caps: { constructor: 1 } }, "caps.constructor"],
    [{}, { limits: { toString: 1 } }, "limits.toString"],
    [{}, { limits: { requestsPerMinute: VALUE } }, "limits.requestsPerMinute"],
    [{}, { clientLimits: 5 }, "clientLimits"],
    [{}, { budget: { usd: 1, per: VALUE } }, "budget.per"],
    [{}, { budget: { usd: -1, per: "day" } }, "budget.usd"],
    [{}, { origins: [VALUE] }, "origins"],
  ];
  for (const [env, options, path] of cases) {
    assert.throws(() => read(env, options), (error) => {
      assert.deepEqual([error.name, error.path], ["ConfigError", path], JSON.stringify([env, options]));
      assert.ok(error.message.startsWith(`${path}: `) && !error.message.includes(VALUE), error.message);
      return true;
    });
  }
});

test("an option is told in the words of a client's, with the name that is meant", () => {
  for (const [options, message] of [
    [{ clientkeys: ["k"] }, "clientkeys: is not an option; did you mean clientKeys?"],
    [{ caps: { maxToken: 1 } }, "caps.maxToken: is not an option; did you mean maxTokens?"],
    [{ caps: { n: 0 } }, "caps.n: must be a whole number of at least 1"],
    [{ clientLimits: { requestPerMinute: 1 } }, "clientLimits.requestPerMinute: is not an option; did you mean requestsPerMinute?"],
    [{ unknownMembers: "drop" }, 'unknownMembers: must be "pass" or "refuse"'],
    [{ authorize: "me" }, "authorize: must be a function, not a string"],
    [{ apiKeys: ["a", 7] }, "apiKeys: its item 2 must be a string, not a number"],
  ]) assert.throws(() => read({}, options), { name: "ConfigError", message });
  assert.throws(() => read({ GATEWAY_MAX_N: "none" }), { path: "GATEWAY_MAX_N", message: "GATEWAY_MAX_N: must be a whole number of at least 1" });
});

test("what the client refuses is told by the name that was used", () => {
  const open = (options, env = {}) => openUpstream(read(env, { apiKeys: ["hf_test"], ...options }));
  assert.throws(() => open({ baseURL: "ftp://nowhere" }), { path: "baseURL" });
  assert.throws(() => open({}, { HF_BASE_URL: "ftp://nowhere" }), { path: "HF_BASE_URL" });
  assert.throws(() => open({ pricing: { inputPerMillion: -1 } }), { path: "pricing.inputPerMillion" });
  assert.throws(() => open({}, { GATEWAY_PRICING: '{"inputPerMillion":-1}' }), { path: "GATEWAY_PRICING" });
});

test("tickets name a gateway, and which one that is is said by its operator", () => {
  const secret = { GATEWAY_TICKET_SECRET: SECRET };
  assert.deepEqual([read(secret).audience, read(secret).url], [undefined, undefined]);
  assert.equal(read({ ...secret, GATEWAY_AUDIENCE: "mine" }).audience, "mine");
  assert.equal(read({ ...secret, GATEWAY_URL: "https://gw.example:8443/v1" }).url, "https://gw.example:8443");
  read(secret, { authorize: () => ({ client: "anyone" }) });
});

test("a variable of the gateway's that is misspelt is named, with the one that is meant", () => {
  for (const [wrong, meant] of [
    ["GATEWAY_REQUEST_PER_MINUTE", "GATEWAY_REQUESTS_PER_MINUTE"], ["GATEWAY_MAX_TOKEN", "GATEWAY_MAX_TOKENS"], ["GATEWAY_CLIENT_KEY", "GATEWAY_CLIENT_KEYS"], ["GATEWAY_ORIGIN", "GATEWAY_ORIGINS"],
    ["GATEWAY_BUDGET", "GATEWAY_BUDGET_USD"], ["GATEWAY_CLIENT_MAX_CONCURENT", "GATEWAY_CLIENT_MAX_CONCURRENT"], ["GATEWAY_KEYS_TOKENS_PER_MINUTE", "GATEWAY_KEY_TOKENS_PER_MINUTE"],
    ["GATEWAY_max_n", "GATEWAY_MAX_N"], ["gateway_max_n", "GATEWAY_MAX_N"], ["Gateway-Origins", "GATEWAY_ORIGINS"], ["GATEWAY_TICKETS_SECRET", "GATEWAY_TICKET_SECRET"], ["GATEWAY_MODEL", "GATEWAY_MODELS"], ["GATEWAY_TIMEOUT", "GATEWAY_TIMEOUT_IDLE"],
  ]) {
    for (const value of ["hf_wr0ng", 5, ["hf_wr0ng"], { hf_wr0ng: 1 }, true]) {
      assert.throws(() => read({ [wrong]: value }), (error) => {
        assert.deepEqual([error.name, error.path], ["ConfigError", wrong]);
        assert.ok(error.message.includes(`Is ${meant} meant?`) && !error.message.includes("wr0ng"), error.message);
        return true;
      });
    }
  }
  // Options win over variables, whose names are known all the same.
  const options = { limits: {}, clientLimits: {}, keyLimits: {}, budget: { usd: 1, per: "day" }, caps: { n: 1 }, timeout: { idle: 5 }, models: ["a"], origins: [], url: "https://gw.example" };
  read({ GATEWAY_REQUESTS_PER_MINUTE: "1", GATEWAY_CLIENT_MAX_CONCURRENT: "1", GATEWAY_KEY_TOKENS_PER_MINUTE: "1", GATEWAY_BUDGET_USD: "1", GATEWAY_BUDGET_PER: "day", GATEWAY_MAX_N: "1", GATEWAY_TIMEOUT_IDLE: "1", GATEWAY_MODELS: "a", GATEWAY_ORIGINS: "*", GATEWAY_URL: "https://gw.example" }, options);
  // These aren't the gateway's variables: bindings, variables that platforms set, unset ones.
  read({ GATEWAY_CACHE: new (class Binding {})(), GATEWAY_FUNCTION: () => {}, GATEWAY_INTERFACE: "CGI/1.1", GATEWAY_SERVICE_HOST: "10.0.0.1", GATEWAY_SERVICE_PORT_HTTP: "80", GATEWAY_PORT: "tcp://10.0.0.1:80", GATEWAY_PORT_80_TCP_ADDR: "10.0.0.1", GATEWAY_NONE: "", GATEWAY_VOID: undefined });
});

test("options may be inherited: those of a class hold as an object's own do, and stand in place of their variables", async () => {
  class Options {
    #limit = 5;
    get limits() { return { requestsPerMinute: this.#limit }; }
    get caps() { return Object.create({ maxTokens: 7 }); }
    get models() { return ["org/own"]; }
    async authorize() { return { client: `at most ${this.#limit}` }; }
  }
  const given = read({ GATEWAY_REQUESTS_PER_MINUTE: "1", GATEWAY_MAX_TOKENS: "1", GATEWAY_MODELS: "org/variable" }, new Options());
  assert.deepEqual([given.limits, given.models, given.caps.maxTokens], [{ requestsPerMinute: 5 }, ["org/own"], 7]);
  assert.deepEqual(await given.authorize(), { client: "at most 5" });
});

test("a cap may be as large as a number counts; a function may have any members; an item of a list is named by its place", () => {
  assert.equal(read({ GATEWAY_MAX_TOKENS: "5000000000" }, { caps: { bodyBytes: 5e9 } }).caps.maxTokens, 5e9);
  const authorize = Object.assign(() => undefined, { toJSON: () => ({}) });
  assert.equal(read({}, { authorize }).authorize, authorize);
  assert.throws(() => read({}, { models: ["a", 5] }), { name: "ConfigError", path: "models", message: "models: its item 2 must be a string, not a number" });
});
