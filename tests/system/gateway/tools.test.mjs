// JSON by a schema and tool runs with the keys on a server: a client of the package behind its own gateway.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { endpoint, hfetch } from "../../package/setting/installed.mjs";

const entry = createRequire(join(process.env.HFETCH_PACKAGE, "package.json")).resolve("hfetch/gateway");
const { gateway } = await import(pathToFileURL(entry).href);

console.log = () => {}; // drops what the gateway logs
const whole = (message) => ({ json: { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } });

function behind(id, ...steps) {
  endpoint.script(id, steps);
  const handler = gateway({ apiKeys: ["hf_the_key_of_the_operator"], clientKeys: ["key"], models: ["org/*"], baseURL: `${endpoint.url}/s/${id}/v1` });
  const ask = (url, init) => handler.fetch(new Request(url, init), {}, { waitUntil() {} });
  return new hfetch.HuggingFace({ apiKey: "key", baseURL: "https://gw.example/v1", model: "org/name", fetch: ask });
}

test("a form that the model's server refuses is refused through the gateway, and the next is asked", async () => {
  const hf = behind("gateway-parse", { status: 422, json: { error: "no" } }, { status: 400, json: { error: { message: "no" } } }, whole({ content: '{"city":"Ghent"}' }));
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
  const answer = await hf.chat.completions.parse({ messages: [{ role: "user", content: "?" }], response_format: { schema } });
  assert.deepEqual(answer.choices[0].message.parsed, { city: "Ghent" });
  assert.deepEqual((await endpoint.stats("gateway-parse")).bodies.map((body) => body.response_format.type), ["json_schema", "json_schema", "json_object"]);
});

test("a run of tools", async () => {
  const call = { id: "a", type: "function", function: { name: "double", arguments: '{"n":2}' } };
  const hf = behind("gateway-tools", whole({ content: null, tool_calls: [call] }), whole({ content: "4" }));
  const run = hf.chat.completions.runTools({ messages: [{ role: "user", content: "?" }], tools: [{ name: "double", execute: ({ n }) => 2 * n }] });
  assert.equal((await run.final()).choices[0].message.content, "4");
  assert.equal(run.messages[2].content, "4");
});
