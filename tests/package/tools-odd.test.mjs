// Odd values that models and tools may give a run: thrown values that aren't errors, results that aren't JSON, calls with missing parts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, failure, scripted } from "./setting/installed.mjs";

const whole = (message, reason = "stop") => ({ json: { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: reason }] } });
const calling = (...calls) => whole({ content: null, tool_calls: calls }, "tool_calls");
const called = (args) => ({ id: "a", type: "function", function: { name: "t", arguments: args } });
const tool = (execute, more) => ({ name: "t", parameters: { schema: { type: "object" } }, execute, ...more });

async function ran(execute, args = "{}", options = {}) {
  const server = scripted(calling(called(args)), whole({ content: "ok" }));
  const run = server.client().chat.completions.runTools({ messages: PROMPT, tools: [tool(execute)] }, options);
  const failed = await run.final().then(() => undefined, (error) => ({ error }));
  return { failed, answer: run.messages[2]?.content, server };
}

const THROWN = {
  "a symbol": [Symbol("x"), "Error: Symbol(x)"],
  "an object without a prototype": [Object.create(null), "Error: {}"],
  "an object": [{ code: 7 }, 'Error: {"code":7}'],
  "a message that is a symbol": [{ message: Symbol("m") }, "Error: Symbol(m)"],
  "what throws when it is asked": [{ get message() { throw new Error("trap"); } }, "Error: it threw what has no words"],
  nothing: [undefined, "Error: undefined"],
  "a big integer": [5n, "Error: 5"],
};
for (const [name, [thrown, words]] of Object.entries(THROWN)) {
  test(`a tool that throws ${name} is answered in words, and the run goes on`, async () => {
    const { failed, answer } = await ran(() => { throw thrown; });
    assert.deepEqual([failed, answer], [undefined, words]);
  });

  test(`a validator that throws ${name} is an issue`, async () => {
    const server = scripted(whole({ content: "{}" }));
    const validate = async () => { throw thrown; };
    const error = await failure(server.client().chat.completions.parse({ messages: PROMPT, response_format: { schema: {}, validate } }, { repair: 0 }));
    assert.deepEqual([error.name, error.issues], ["StructuredOutputError", [{ message: words.slice(7), path: [] }]]);
  });
}

test('with onToolError: "throw" what was thrown is what the run fails with, whatever it is', async () => {
  for (const thrown of [Symbol("x"), { get message() { throw new Error("trap"); } }, "words", 0]) {
    const { failed } = await ran(() => { throw thrown; }, "{}", { onToolError: "throw" });
    assert.equal(failed.error, thrown);
  }
});

test("a result that can't be written is answered in words, and an error that was returned as one", async () => {
  const loop = {};
  loop.loop = loop;
  for (const [result, words] of [[loop, /^Error: .*circular/s], [5n, /^Error: .*BigInt/], [{ toJSON() { throw Symbol("no"); } }, /^Error: Symbol\(no\)$/], [new Error("returned"), /^Error: returned$/], [undefined, /^null$/], [Symbol("x"), /^null$/]]) {
    const { failed, answer } = await ran(() => result);
    assert.equal(failed, undefined);
    assert.match(answer, words);
  }
});

test("arguments that were written as a text once more, or as null, are read", async () => {
  for (const [written, read] of [['"{\\"x\\":1}"', { x: 1 }], ["null", {}], ["", {}], ['{"x":"{}"}', { x: "{}" }], ['"words"', "words"], ['"1"', "1"]]) {
    let got;
    await ran((args) => { got = args; }, written);
    assert.deepEqual(got, read);
  }
});

test("a call goes back with a name and arguments, whatever of them was there", async () => {
  for (const [call, name, args] of [[{ id: "a", type: "function", function: { name: "t", arguments: null } }, "t", "{}"], [{ id: "a", function: { name: "t" } }, "t", "{}"], [{ id: "a", type: "function" }, "", "{}"]]) {
    const server = scripted(calling(call), whole({ content: "ok" }));
    await server.client().chat.completions.runTools({ messages: PROMPT, tools: [tool(() => "r")] }).final();
    const { bodies } = await server.stats();
    assert.deepEqual(bodies[1].messages[1].tool_calls, [{ id: "a", type: "function", function: { name, arguments: args } }]);
  }
});

test("a run asks offers that take tools, whether its route is the client's, one of withOptions() or its own", async () => {
  const offer = (provider, price, tools) => ({ provider, status: "live", pricing: { input: price, output: price }, supports_tools: tools });
  const catalogue = { json: { object: "list", data: [{ id: MODEL, object: "model", providers: [offer("mute", 0, false), offer("able", 1, true)] }] } };
  const route = { sort: "cost" };
  const ways = {
    client: [{ route }, undefined, undefined],
    withOptions: [{}, { route }, undefined],
    "withOptions over the client's": [{ route: { sort: "cost", only: ["mute"] } }, { route }, undefined],
    own: [{}, { route: { only: ["mute"] } }, { route }],
  };
  for (const [name, [options, defaults, own]] of Object.entries(ways)) {
    const server = scripted(catalogue, whole({ content: "ok" }), whole({ content: "ok" }));
    const made = server.atRouter(options);
    const client = defaults ? made.withOptions(defaults) : made;
    await client.chat.completions.runTools({ messages: PROMPT, tools: [tool(() => 1)] }, own).final();
    assert.equal((await server.stats()).bodies.find((body) => body?.messages)?.model, `${MODEL}:able`, name);
    await client.chat.completions.create({ messages: PROMPT }, own);
    assert.equal((await server.stats()).bodies.filter((body) => body?.messages)[1].model, `${MODEL}:mute`, `${name}: other calls ask any`);
  }
  const none = scripted(catalogue);
  const client = none.atRouter().withOptions({ route: { only: ["mute"] } });
  const error = await failure(client.chat.completions.runTools({ messages: PROMPT, tools: [tool(() => 1)] }).final());
  assert.deepEqual([error.name, error.path], ["ConfigError", "route.has"]);
});
