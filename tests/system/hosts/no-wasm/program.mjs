// An import breaks nothing; every first use says what is missing and what to do.
import assert from "node:assert/strict";

const { WebAssembly } = globalThis;
for (const name of ["WebAssembly", "TextDecoder", "TextEncoder", "FinalizationRegistry"]) delete globalThis[name];

const hfetch = await import("hfetch");
const slim = await import("hfetch/slim");
const { gateway } = await import("hfetch/gateway");
assert.equal(hfetch.FREE_TIER.requestsPerMinute, 300);
assert.ok(hfetch.MODELS.length > 0);

const uses = {
  client: () => new hfetch.HuggingFace({ apiKey: "hf_host" }),
  fromConfig: () => hfetch.HuggingFace.fromConfig({ llm_providers: [{ id: "a", type: "huggingface" }] }),
  cost: () => hfetch.cost({ prompt_tokens: 1 }, { inputPerMillion: 1, outputPerMillion: 1 }),
  estimateTokens: () => hfetch.estimateTokens("hello"),
  retryDelay: () => hfetch.retryDelay({ status: 429, attempt: 1 }),
  RateLimiter: () => new hfetch.RateLimiter({ requestsPerMinute: 1 }),
  SseDecoder: () => new hfetch.SseDecoder(),
  storageStore: () => hfetch.storageStore({ getItem() {}, setItem() {} }),
  version: () => hfetch.version(),
  slim: () => slim.estimateTokens("hello"),
};
const missing = (use) => (error) => error instanceof hfetch.HfetchError && error.message === "hfetch: this environment has no WebAssembly" && /React Native.*hfetch\/gateway/.test(error.hint);
for (const [name, use] of Object.entries(uses)) assert.throws(use, missing(), name);
await assert.rejects(slim.init(new Uint8Array(8)), missing());
// A program that adds what was missing may go on.
assert.throws(() => hfetch.estimateTokens("hello"), missing());
globalThis.WebAssembly = WebAssembly;
assert.throws(() => hfetch.estimateTokens("hello"), { message: "hfetch: this environment has no TextDecoder", hint: /copy it from node:util/ });
Object.assign(globalThis, await import("node:util").then(({ TextDecoder, TextEncoder }) => ({ TextDecoder, TextEncoder })));
assert.ok(hfetch.estimateTokens("hello") > 0);
assert.equal(typeof gateway().fetch, "function");
console.log("ok");
