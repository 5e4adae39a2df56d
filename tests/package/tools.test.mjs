// chat.completions.runTools(): the loop of a model and its tools, against the stand-in endpoint.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const call = (id, name, args) => ({ id, type: "function", function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) } });
const turn = (content, calls, stream) => {
  const message = { role: "assistant", content, ...(calls && { tool_calls: calls }) };
  const reason = calls ? "tool_calls" : "stop";
  if (!stream) return { json: { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message, finish_reason: reason }], usage } };
  const deltas = [{ role: "assistant", content }, ...(calls ?? []).map((each, index) => ({ tool_calls: [{ index, ...each }] })), {}];
  return { sse: [...deltas.map((delta, at) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: at === deltas.length - 1 ? reason : null }] })), { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage }], done: true };
};
const weather = {
  name: "weather",
  description: "The weather in a city.",
  parameters: { schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
  execute: async ({ city }) => ({ city, celsius: 21 }),
};
const run = (client, more, options) => client.chat.completions.runTools({ messages: PROMPT, tools: [weather], ...more }, options);

for (const stream of [false, true]) {
  test(`a run${stream ? ", streamed" : ""}: calls of a turn, several steps, the conversation and the sum`, async () => {
    const calls = [call("a", "weather", { city: "Ghent" }), call("b", "weather", { city: "Oslo" })];
    const server = scripted(turn("Let me see.", calls, stream), turn(null, [call("a", "weather", { city: "Rome" })], stream), turn("Mild.", undefined, stream));
    const settled = [];
    const started = run(server.client(), { stream }, { metadata: "m", onSettled: (one) => settled.push(one) });
    const { items, error } = await drain(started);
    assert.equal(error, null);
    assert.equal((await started.final()).choices[0].message.content, "Mild.");
    assert.deepEqual(started.messages.map(({ role, tool_call_id: id }) => id ?? role), ["user", "assistant", "a", "b", "assistant", "a", "assistant"]);
    assert.equal(started.messages[2].content, '{"city":"Ghent","celsius":21}');
    const types = items.filter(({ type }) => type !== "chunk").map(({ type, id }) => id ?? type);
    assert.deepEqual(types, ["message", "a", "b", "a", "b", "step", "message", "a", "a", "step", "message", "step"]);
    assert.equal(items.some(({ type }) => type === "chunk"), stream);
    const { usage: sum, attempts, metadata, outcome } = await started.settled;
    assert.deepEqual([sum.total_tokens, attempts, metadata, outcome], [45, 3, "m", "ok"]);
    assert.deepEqual(settled.map((one) => [one.metadata, one.usage.total_tokens]), [["m", 15], ["m", 15], ["m", 15]]);
    assert.equal(started.steps.length, 3);
    const { bodies } = await server.stats();
    assert.deepEqual(bodies[2].messages, started.messages.slice(0, 6));
    assert.deepEqual(bodies[0].tools, [{ type: "function", function: { name: "weather", description: weather.description, parameters: weather.parameters.schema } }]);
  });

  test(`text()${stream ? ", streamed" : ""} is what the model says, over all steps`, async () => {
    const server = scripted(turn("Let me see. ", [call("a", "weather", { city: "Ghent" })], stream), turn("Mild.", undefined, stream));
    assert.equal((await drain(run(server.client(), { stream }).text())).items.join(""), "Let me see. Mild.");
  });
}

test("what goes wrong with a call is its answer, in words", async () => {
  const check = (value) => { if (typeof value.city !== "string") throw Object.assign(new Error("no"), { issues: [{ message: "must be a text", path: ["city"] }] }); return value; };
  const strict = { ...weather, parameters: { ...weather.parameters, validate: check } };
  const failing = { name: "failing", parameters: { schema: {} }, execute: () => { throw new Error("out of order"); } };
  const calls = [call("a", "weather", '{"city":'), call("b", "wether", {}), call("c", "failing", ""), call("d", "weather", { city: 1 })];
  const server = scripted(turn(null, calls), turn("Sorry."));
  const started = run(server.client(), { tools: [strict, failing] });
  const { items } = await drain(started);
  const answers = started.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  [/no JSON/, /no tool called "wether".*weather, failing/, /out of order/, /city: must be a text/].forEach((words, at) => assert.match(answers[at], words));
  assert.equal(items.filter(({ type, error }) => type === "tool-result" && error instanceof Error).length, 4);
});

test('onToolError: "throw" ends the run with what was thrown, and each call has its answer', async () => {
  const thrown = new Error("out of order");
  let signal;
  const waiting = { name: "waiting", parameters: { schema: {} }, execute: (_, context) => { signal = context.signal; return new Promise(() => {}); } };
  const failing = { name: "failing", parameters: { schema: {} }, execute: async () => { throw thrown; } };
  const server = scripted(turn(null, [call("a", "waiting", {}), call("b", "failing", {})]));
  const started = run(server.client(), { tools: [waiting, failing], onToolError: "throw" });
  assert.equal(await failure(started.final()), thrown);
  assert.equal(signal.aborted, true);
  assert.deepEqual(started.messages.slice(2).map((message) => message.tool_call_id), ["a", "b"]);
  assert.equal((await started.settled).attempts, 1);
});

test("parallel says how many calls run at once", async () => {
  for (const parallel of [1, 2, undefined]) {
    let open = 0;
    let most = 0;
    const tool = { name: "t", parameters: { schema: {} }, execute: async () => { most = Math.max(most, ++open); await new Promise(setImmediate); open--; } };
    const server = scripted(turn(null, Array.from({ length: 6 }, (_, at) => call(`c${at}`, "t", {}))), turn("ok"));
    await run(server.client(), { tools: [tool], ...(parallel && { parallel }) }).final();
    assert.equal(most, parallel ?? 4);
  }
});

test("maxSteps ends a run whose conversation can be sent again", async () => {
  const server = scripted({ ...turn(null, [call("a", "weather", { city: "x" })]), times: 5 });
  const started = run(server.client(), { maxSteps: 2 });
  assert.equal((await started.final()).choices[0].finish_reason, "tool_calls");
  assert.equal((await server.stats()).requests, 2);
  assert.deepEqual(started.messages.map(({ role }) => role), ["user", "assistant", "tool", "assistant", "tool"]);
});

test("a tool that the model had to call is its own choice from then on", async () => {
  const server = scripted(turn(null, [call("a", "weather", { city: "x" })]), turn("ok"));
  await run(server.client(), { toolChoice: "required" }).final();
  assert.deepEqual((await server.stats()).bodies.map((body) => body.tool_choice), ["required", "auto"]);
});

test("calls without an id, and two with the same, have one of their own each", async () => {
  const server = scripted(turn(null, [call("0", "weather", { city: "a" }), call("0", "weather", { city: "b" }), { ...call("", "weather", { city: "c" }) }]), turn("ok"));
  const started = run(server.client());
  await started.final();
  const ids = started.messages[1].tool_calls.map(({ id }) => id);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(started.messages.slice(2, 5).map((message) => [message.tool_call_id, JSON.parse(message.content).city]), [[ids[0], "a"], [ids[1], "b"], [ids[2], "c"]]);
});

test("an abort while a tool works ends the run at once, with one error", async () => {
  for (const how of ["abort", "signal", "break"]) {
    const controller = new AbortController();
    let told;
    const begun = new Promise((resolve) => (told = resolve));
    const tool = { name: "t", parameters: { schema: {} }, execute: (_, { signal }) => new Promise(() => told(signal)) };
    const server = scripted(turn(null, [call("a", "t", {})]));
    const started = run(server.client(), { tools: [tool] }, { signal: controller.signal });
    const read = how === "break" ? (async () => { for await (const { type } of started) if (type === "tool-call") break; return { error: null }; })() : drain(started);
    const signal = await begun;
    if (how === "abort") started.abort("enough");
    if (how === "signal") controller.abort("enough");
    const { error } = await read;
    const ended = await failure(started.final());
    assert.equal(ended.name, "APIUserAbortError");
    if (how !== "break") assert.deepEqual([error, error.cause], [ended, "enough"]);
    assert.equal(signal.aborted, true);
    assert.equal(started.messages.at(-1).tool_call_id, "a");
    assert.deepEqual([(await started.settled).attempts, (await server.closed()).requests], [1, 1]);
  }
});

test("an abort while the model answers closes the socket and settles", async () => {
  const server = scripted({ ...turn("one two three four five", undefined, true), stallAfter: 300 });
  const started = run(server.client(), { stream: true });
  const { error } = await (async () => {
    try {
      for await (const { type } of started) if (type === "chunk") started.abort("enough");
      return { error: null };
    } catch (thrown) {
      return { error: thrown };
    }
  })();
  assert.equal(error.name, "APIUserAbortError");
  assert.equal((await started.settled).outcome, "aborted");
  assert.equal((await server.closed()).disconnected, 1);
});

test("a run that is aborted before it begins sends nothing", async () => {
  const server = scripted();
  const started = run(server.client());
  started.abort("no");
  assert.equal((await failure(started.final())).name, "APIUserAbortError");
  assert.equal((await started.settled).attempts, 0);
  assert.equal((await server.stats()).requests, 0);
});

test("a budget holds over a run, which ends in its refusal", async () => {
  const server = scripted({ ...turn(null, [call("a", "weather", { city: "x" })]), times: 9 });
  const client = server.client({ pricing: { inputPerMillion: 1e6, outputPerMillion: 1e6 }, budget: { usd: 100, per: "total" } });
  const started = run(client, { max_tokens: 10 });
  const error = await failure(started.final());
  assert.equal(error.name, "BudgetExceededError");
  const { cost, attempts } = await started.settled;
  assert.ok(cost.usd <= 100 && cost.usd === 15 * attempts && attempts > 0, `${cost.usd} USD in ${attempts}`);
  assert.equal(client.snapshot().inFlight, 0);
});

test("a stream that is cut ends the run, and leaves a conversation that can be sent again", async () => {
  const cut = turn("Let me", [call("a", "weather", { city: "x" })], true);
  const server = scripted({ sse: cut.sse.slice(0, 2) });
  const started = run(server.client(), { stream: true });
  assert.equal((await failure(started.final())).name, "StreamTruncatedError");
  assert.deepEqual(started.messages, PROMPT);
});

test("tools as the openai package has them", async () => {
  const given = [];
  const tools = [
    { type: "function", function: { name: "raw", parameters: { type: "object", properties: {} }, function: (args) => given.push(args) } },
    { type: "function", function: { name: "parsed", parameters: { type: "object", properties: {} }, parse: JSON.parse, function: (args) => given.push(args), strict: true } },
  ];
  const server = scripted(turn(null, [call("a", "raw", { a: 1 }), call("b", "parsed", { b: 2 })]), turn("ok"));
  await run(server.client(), { tools }).final();
  assert.deepEqual(given, ['{"a":1}', { b: 2 }]);
  assert.deepEqual((await server.stats()).bodies[0].tools.map((tool) => [Object.keys(tool.function), tool.function.strict]), [[["name", "parameters"], undefined], [["name", "parameters", "strict"], true]]);
});

test("wrong tools are a ConfigError that names them, and nothing is sent", async () => {
  const server = scripted();
  const { execute: _, ...noFunction } = weather;
  for (const [tools, path] of [[[], "tools"], [[weather, weather], "tools[1].name"], [[noFunction], "tools[0].execute"], [[{ ...weather, parameters: 1 }], "tools[0].parameters"]]) {
    const error = await failure(run(server.client(), { tools }).final());
    assert.deepEqual([error.name, error.path], ["ConfigError", path]);
  }
  assert.equal((await failure(run(server.client(), { maxSteps: 0 }).final())).path, "maxSteps");
  assert.equal((await server.stats()).requests, 0);
});

test("an error says where the run was made", async () => {
  const error = await failure(run(scripted({ status: 400, json: {} }).client()).final());
  assert.match(error.stack, /tools\.test\.mjs/);
  assert.ok(error instanceof hfetch.BadRequestError);
});
