// parse() and runTools() with the validators that people use, and with what programs for the openai package pass.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import OpenAI from "openai";
import * as v from "valibot";
import { z } from "zod";
import { root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const { HuggingFace } = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);

let endpoint;
let count = 0;
before(async () => (endpoint = await startEndpoint({ pace: 0 })));
after(() => endpoint.close());

const model = "meta-llama/Llama-3.1-8B-Instruct";
const messages = [{ role: "user", content: "Ghent?" }];
const message = (content, calls) => ({ json: { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", content, ...(calls && { tool_calls: calls }) }, finish_reason: calls ? "tool_calls" : "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } });
const frames = (content) => ({ sse: [...content].map((piece, at) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { ...(at === 0 && { role: "assistant" }), content: piece }, finish_reason: null }] })).concat({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }), done: true });
function scripted(Client, ...steps) {
  const id = `schema-${(count += 1)}`;
  endpoint.script(id, steps);
  return { client: new Client({ apiKey: "k", baseURL: `${endpoint.url}/s/${id}/v1` }), stats: () => endpoint.stats(id) };
}

const GHENT = { city: "Ghent", tags: [{ name: "a" }] };
const schemas = {
  zod: z.object({ city: z.string(), tags: z.array(z.object({ name: z.string() })) }),
  valibot: toStandardJsonSchema(v.object({ city: v.string(), tags: v.array(v.object({ name: v.string() })) })),
  arktype: type({ city: "string", tags: type({ name: "string" }).array() }),
};
for (const [name, schema] of Object.entries(schemas)) {
  test(`${name}: parse, whole and streamed, repaired, and the arguments of a tool`, async () => {
    const { client, stats } = scripted(HuggingFace, message('{"city":1}'), message(JSON.stringify(GHENT)), frames(JSON.stringify(GHENT)));
    const ask = (more) => client.chat.completions.parse({ model, messages, response_format: schema, ...more });
    assert.deepEqual((await ask()).choices[0].message.parsed, GHENT);
    const stream = await ask({ stream: true });
    let last;
    for await (const partial of stream.partial()) last = partial;
    assert.deepEqual([last, (await stream.final()).choices[0].message.parsed], [GHENT, GHENT]);
    const { bodies } = await stats();
    const { strict, schema: sent } = bodies[0].response_format.json_schema;
    assert.deepEqual([strict, sent.additionalProperties, sent.properties.tags.items.additionalProperties, sent.$schema], [true, false, false, undefined]);
    assert.match(bodies[1].messages.at(-1).content, /city/);

    const calls = [["a", GHENT], ["b", { city: 1 }]].map(([id, args]) => ({ id, type: "function", function: { name: "t", arguments: JSON.stringify(args) } }));
    const second = scripted(HuggingFace, message(null, calls), message("ok"));
    const given = [];
    const run = second.client.chat.completions.runTools({ model, messages, tools: [{ name: "t", parameters: schema, execute: (args) => given.push(args) }] });
    await run.final();
    assert.deepEqual(given, [GHENT]);
    assert.match(run.messages[3].content, /city/);
  });
}

test("optional members are asked for without strictness, and what is checked later is checked", async () => {
  const schema = z.object({ city: z.string(), people: z.number().optional() }).refine(async ({ city }) => city !== "Ghent", { message: "another one" });
  const { client, stats } = scripted(HuggingFace, message('{"city":"Ghent"}'), message('{"city":"Oslo"}'));
  assert.deepEqual((await client.chat.completions.parse({ model, messages, response_format: schema })).choices[0].message.parsed, { city: "Oslo" });
  const { bodies } = await stats();
  assert.equal(bodies[0].response_format.json_schema.strict, undefined);
  assert.match(bodies[1].messages.at(-1).content, /another one/);
});

test("what can't be JSON Schema says so, and how to give one beside it", async () => {
  const { client } = scripted(HuggingFace, message("{}"));
  for (const schema of [z.object({ at: z.date() }), v.object({ at: v.string() })]) {
    await assert.rejects(client.chat.completions.parse({ model, messages, response_format: schema }), { name: "ConfigError", path: "response_format", hint: /validate/ });
  }
});

// One program on both clients, which must see the same.
const programs = {
  "parse with zodResponseFormat": {
    steps: [message(JSON.stringify(GHENT))],
    async run(client) {
      const completion = await client.chat.completions.parse({ model, messages, response_format: zodResponseFormat(schemas.zod, "city") });
      return completion.choices[0].message.parsed;
    },
  },
  "runTools with zodFunction, and its final methods": {
    steps: [message(null, [{ id: "a", type: "function", function: { name: "double", arguments: '{"of":2}' } }]), message("four")],
    async run(client) {
      const seen = [];
      const double = zodFunction({ name: "double", parameters: z.object({ of: z.number() }), function: ({ of }) => ({ is: 2 * of }) });
      const runner = client.chat.completions.runTools({ model, messages, tools: [double] });
      runner.on("message", ({ role }) => seen.push(role)).on("functionToolCallResult", (result) => seen.push(result)).on("finalContent", (text) => seen.push(text)).on("end", () => seen.push("end"));
      return { content: await runner.finalContent(), roles: runner.messages.map(({ role }) => role), message: (await runner.finalMessage()).content, seen: await runner.done().then(() => seen) };
    },
  },
  "stream with its events": {
    steps: [frames(JSON.stringify(GHENT)), frames("ab")],
    async run(client) {
      const seen = [];
      const stream = client.chat.completions.stream({ model, messages, response_format: zodResponseFormat(schemas.zod, "city") });
      stream.on("content", (delta) => seen.push(delta)).on("content.done", ({ content }) => seen.push(content));
      const { parsed } = (await stream.finalChatCompletion()).choices[0].message;
      const chunks = [];
      for await (const chunk of client.chat.completions.stream({ model, messages })) chunks.push(chunk.choices[0].delta.content);
      return { parsed, seen, chunks };
    },
  },
};
for (const [name, { steps, run }] of Object.entries(programs)) {
  test(`the same on openai and here: ${name}`, async () => {
    assert.deepEqual(await run(scripted(HuggingFace, ...steps).client), await run(scripted(OpenAI, ...steps).client));
  });
}

test("helpers that are not there say where to go", () => {
  const client = new HuggingFace({ apiKey: "k" });
  for (const name of ["responses", "images", "beta"]) assert.throws(() => client[name].create(), { name: "ConfigError", message: new RegExp(`hf\\.${name} is not part of hfetch: use`) });
});
