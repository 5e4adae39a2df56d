// Answers and schemas that parse() seldom meets: calls beside words, several pieces of JSON, schemas whose values aren't objects.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT, drain, failure, scripted } from "./setting/installed.mjs";

const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"], additionalProperties: false };
const whole = (message, reason = "stop") => ({ json: { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: reason }] } });
const streamed = (delta, reason = "stop") => ({ sse: [{ delta, finish_reason: null }, { delta: {}, finish_reason: reason }].map((choice) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, ...choice }] })), done: true });
const ask = (client, more, options) => client.chat.completions.parse({ messages: PROMPT, response_format: { schema }, ...more }, options);
const parsedOf = ({ choices: [{ message }] }) => message.parsed;

const OTHERWISE = {
  "calls a tool beside words": [{ content: "Let me look.", tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "t", arguments: "{}" } }] }, "tool_calls"],
  "calls a tool beside JSON of another kind": [{ content: '{"b":1}', tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "t", arguments: "{}" } }] }, "tool_calls"],
  "refuses beside words": [{ content: "I'd rather not.", refusal: "no" }, "stop"],
};
for (const [name, [message, reason]] of Object.entries(OTHERWISE)) {
  test(`an answer that ${name} is not asked for again`, async () => {
    for (const stream of [false, true]) {
      const server = scripted(stream ? streamed(message, reason) : whole(message, reason), whole({ content: '{"a":9}' }));
      const validate = (value) => { if (value.a === undefined) throw new Error("a is missing"); return value; };
      const answer = await ask(server.client(), { stream, response_format: { schema, validate } });
      assert.equal(parsedOf(stream ? await answer.final() : answer), null);
      assert.equal((await server.stats()).requests, 1);
    }
  });
}

test("a call whose turn was cut off by its maximum of tokens is still said as that", async () => {
  const server = scripted(whole({ content: '{"a"', tool_calls: [{ id: "a", type: "function", function: { name: "t", arguments: "{" } }] }, "length"));
  assert.equal((await failure(ask(server.client()))).finishReason, "length");
});

test("of several fences the one of the schema's type is read", async () => {
  for (const content of ['```json\n[1]\n```\nor\n```json\n{"a":1}\n```', '```js\nf()\n```\n```json\n{"a":1}\n```']) {
    const server = scripted(whole({ content }));
    assert.deepEqual(parsedOf(await ask(server.client(), {}, { repair: 0 })), { a: 1 });
  }
});

test("a schema's type may stand behind references", async () => {
  const content = 'As [1] says: {"a":1}';
  for (const given of [{ $ref: "#/$defs/A", $defs: { A: schema } }, { $ref: "#/$defs/B", $defs: { B: { $ref: "#/$defs/a~1b" }, "a/b": schema } }]) {
    const server = scripted(whole({ content }), streamed({ content }));
    const client = server.client();
    assert.deepEqual(parsedOf(await ask(client, { response_format: { schema: given } }, { repair: 0 })), { a: 1 });
    const stream = await ask(client, { response_format: { schema: given }, stream: true }, { repair: 0 });
    assert.deepEqual((await drain(stream.partial())).items.at(-1), { a: 1 });
  }
  // A reference that leads nowhere, or round in a circle, says nothing.
  for (const $ref of ["#/$defs/none", "https://example.com/a", "#/$defs/A"]) {
    const server = scripted(whole({ content: "[1]" }));
    assert.deepEqual(parsedOf(await ask(server.client(), { response_format: { schema: { $ref, $defs: { A: { $ref: "#/$defs/A" } } } } })), [1]);
  }
});

test("what is no object is not asked for as a JSON object", async () => {
  const refused = { status: 400, json: { error: { message: "response_format is not supported" } } };
  for (const [given, content, value] of [[{ type: "array", items: { type: "number" } }, "[1,2]", [1, 2]], [{ type: "string", enum: ["x", "y"] }, '"x"', "x"]]) {
    const server = scripted(refused, refused, whole({ content }), whole({ content }));
    const client = server.client();
    assert.deepEqual(parsedOf(await ask(client, { response_format: { schema: given } })), value);
    const { bodies } = await server.stats();
    assert.deepEqual(bodies.map((body) => body.response_format?.type), ["json_schema", "json_schema", undefined]);
    assert.match(bodies[2].messages[0].content, /JSON Schema/);
  }
});

test("a JSON Schema that stands where a schema's holder should is told how it is given", async () => {
  const client = scripted().client();
  const bare = { type: "object", properties: {} };
  const asked = await failure(ask(client, { response_format: bare }));
  const ran = await failure(client.chat.completions.runTools({ messages: PROMPT, tools: [{ name: "t", parameters: bare, execute: () => 1 }] }).final());
  assert.deepEqual([asked.path, ran.path], ["response_format", "tools[0].parameters"]);
  for (const { hint } of [asked, ran]) assert.match(hint, /\{ schema: /);
  assert.equal((await failure(ask(client, { response_format: 5 }))).hint, null);
});
