// JSON by a schema, and runs of a model and its tools.
import { PROMPT, collect, scenario } from "./setting.mjs";

const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const envelope = { id: "c", created: 1, model: "m" };
const whole = (message) => ({ json: { ...envelope, object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } });
const frames = (...deltas) => ({ sse: deltas.map((delta, at) => ({ ...envelope, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: at === deltas.length - 1 ? "stop" : null }] })), done: true, split: "byte" });
const call = (id, args) => ({ index: 0, id, type: "function", function: { name: "weather", arguments: JSON.stringify(args) } });
const weather = { name: "weather", parameters: { schema }, execute: async ({ city }) => `${city}: mild` };

export const tools = [
  scenario("JSON by a schema: another form where one is refused, and once more where it doesn't fit", async ({ client, script, stats, assert }) => {
    await script({ status: 422, json: { error: "no" } }, whole({ content: "```json\n{}\n```" }), whole({ content: '{"city":"Ghent"}' }));
    const validate = (value) => { if (!value.city) throw new Error("a city is missing"); return value; };
    const pending = client().chat.completions.parse({ messages: PROMPT, response_format: { schema, validate } });
    assert.deepEqual((await pending).choices[0].message.parsed, { city: "Ghent" });
    assert.equal((await pending.settled).attempts, 3);
    assert.equal((await stats()).requests, 3);
  }),

  scenario("JSON by a schema, as it comes", async ({ client, script, closed, assert }) => {
    await script(frames({ content: '{"city":' }, { content: '"Gh' }, { content: 'ent"}' }));
    const stream = await client().chat.completions.parse({ messages: PROMPT, response_format: { schema }, stream: true });
    const values = await collect(stream.partial());
    assert.deepEqual(values.at(-1), { city: "Ghent" });
    // The number of values depends on the network, which delivers several events together.
    assert.ok(values.every(({ city = "" }) => "Ghent".startsWith(city)), JSON.stringify(values));
    assert.deepEqual((await stream.final()).choices[0].message.parsed, { city: "Ghent" });
    await closed();
  }),

  scenario("tools: a run of two steps, whose conversation can be sent again", async ({ client, script, closed, assert }) => {
    for (const stream of [false, true]) {
      const calls = [call("a", { city: "Ghent" }), { ...call("b", { city: "Oslo" }), index: 1 }];
      await script(stream ? frames({ role: "assistant", tool_calls: calls }, {}) : whole({ content: null, tool_calls: calls }), stream ? frames({ role: "assistant", content: "Mild." }, {}) : whole({ content: "Mild." }));
      const run = client().chat.completions.runTools({ messages: PROMPT, tools: [weather], stream });
      const events = await collect(run);
      assert.equal((await run.final()).choices[0].message.content, "Mild.");
      assert.deepEqual(run.messages.slice(2, 4).map(({ tool_call_id, content }) => [tool_call_id, content]), [["a", "Ghent: mild"], ["b", "Oslo: mild"]]);
      assert.deepEqual(events.filter(({ type }) => type === "tool-result").map(({ result }) => result), ["Ghent: mild", "Oslo: mild"]);
      assert.equal((await run.settled).attempts, 2);
      await closed();
    }
  }),

  scenario("tools: an abort while one works", async ({ client, script, closed, assert }) => {
    await script(whole({ content: null, tool_calls: [call("a", { city: "Ghent" })] }));
    const run = client().chat.completions.runTools({ messages: PROMPT, tools: [{ ...weather, execute: () => new Promise(() => run.abort("enough")) }] });
    const error = await run.final().catch((thrown) => thrown);
    assert.equal(error.name, "APIUserAbortError");
    assert.equal(error.cause, "enough");
    assert.equal(run.messages.at(-1).tool_call_id, "a");
    assert.equal((await run.settled).attempts, 1);
    await closed();
  }),
];
