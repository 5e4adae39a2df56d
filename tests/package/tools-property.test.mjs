// Runs against a scripted model that calls tools at random: wrongly, twice with the same id, with broken JSON, and in streams that are cut anywhere.
// In every case nothing is sent twice, each call of a turn has exactly one result, and the conversation can be sent again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoint, hfetch } from "./setting/installed.mjs";

const RUNS = 150;
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** Random numbers that are the same in each run of the tests. */
function generator(seed) {
  let state = seed * 2654435761 + 1;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return state / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return { below, chance: (share) => next() < share, one: (list) => list[below(list.length)] };
}

const ARGUMENTS = ['{"n":1}', '{"n":2}', '{"n":"no"}', '{"n":', "", "null", "[]", '{"n":1}{"n":2}', "{n:1}"];
const NAMES = ["add", "add", "fails", "waits", "unknown", ""];

/** One turn of the model: its answer, whole or as a stream that may be cut. */
function turnOf(random, stream) {
  const count = random.chance(0.75) ? 1 + random.below(6) : 0;
  const calls = Array.from({ length: count }, (_, at) => ({
    id: random.one([`c${at}`, `c${at}`, "0", "", "c0_2"]),
    type: "function",
    function: { name: random.one(NAMES), arguments: random.one(ARGUMENTS) },
  }));
  const message = { role: "assistant", content: random.one([null, "", "Hm."]), ...(count > 0 && { tool_calls: calls }) };
  if (message.tool_calls === undefined) message.content = "Done.";
  const envelope = { id: "c", created: 1, model: "m" };
  const reason = random.one(["stop", "tool_calls"]);
  if (!stream) return { calls: count, step: { json: { ...envelope, object: "chat.completion", choices: [{ index: 0, message, finish_reason: reason }], usage } } };
  const deltas = [{ role: "assistant", content: message.content }, ...calls.map((call, index) => ({ tool_calls: [{ index, ...call }] })), {}];
  const frames = deltas.map((delta, at) => ({ ...envelope, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: at === deltas.length - 1 ? reason : null }] }));
  return { calls: count, step: { sse: [...frames, { ...envelope, object: "chat.completion.chunk", choices: [], usage }], done: true, split: `random:${random.below(1e6)}` } };
}

/** The objection of a strict server to a conversation; null if there is none. */
function wrongWith(messages) {
  let due = new Set();
  for (const [at, { role, tool_calls: calls = [], tool_call_id: id }] of messages.entries()) {
    if (role === "tool") {
      if (!due.delete(id)) return `message ${at} answers no call: ${id}`;
      continue;
    }
    if (due.size > 0) return `message ${at} comes before answers to ${[...due]}`;
    due = new Set(calls.map((call) => call.id));
    if (due.size !== calls.length || due.has("")) return `message ${at} has calls that can't be told apart`;
  }
  return due.size > 0 ? `no answers to ${[...due]}` : null;
}

for (const stream of [false, true]) {
  test(`${RUNS} runs${stream ? ", streamed" : ""}, whatever the model does and however they end`, async () => {
    const ends = {};
    for (let seed = 0; seed < RUNS; seed++) {
      const random = generator(seed + (stream ? 1e6 : 0));
      const turns = Array.from({ length: 8 }, () => turnOf(random, stream));
      const cut = stream && random.chance(0.3) ? random.below(8) : -1;
      if (cut >= 0) Object.assign(turns[cut].step, { cutAfter: random.below(1_500), cut: random.one(["end", "close", "reset"]) });
      const id = `property-${stream}-${seed}`;
      endpoint.script(id, turns.map(({ step }) => step));
      const settled = [];
      const executed = [];
      const client = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: `${endpoint.url}/s/${id}/v1`, model: "org/m", retry: false, onSettled: (one) => settled.push(one) });
      const abortAt = random.chance(0.25) ? random.below(20) : -1;
      const check = (value) => { if (!Number.isInteger(value?.n)) throw new Error("n must be a number"); return value; };
      const parameters = { schema: { type: "object" }, validate: check };
      const run = client.chat.completions.runTools({
        messages: [{ role: "user", content: "Go." }],
        stream,
        maxSteps: 1 + random.below(8),
        parallel: 1 + random.below(3),
        onToolError: random.chance(0.15) ? "throw" : "answer",
        tools: [
          { name: "add", parameters, execute: ({ n }, { id: call }) => (executed.push(call), n + 1) },
          { name: "fails", parameters, execute: () => { throw new Error("out of order"); } },
          { name: "waits", parameters, execute: async () => { await new Promise(setImmediate); return undefined; } },
        ],
      });
      const results = [];
      let error = null;
      let events = 0;
      try {
        for await (const event of run) {
          if (event.type === "tool-result") results.push(event);
          if (events++ === abortAt) run.abort("enough");
        }
      } catch (thrown) {
        error = thrown;
      }
      const where = `seed ${seed}: ${error?.name}`;
      const stats = await endpoint.stats(id, "closed");
      // The requests at the script are those that were sent, each step once, and each body was a conversation that a server accepts.
      assert.equal(stats.open, 0, where);
      // A request that is aborted while it is sent may not have arrived.
      const lost = settled.length - stats.requests;
      assert.ok(lost === 0 || (lost === 1 && error?.name === "APIUserAbortError"), where);
      assert.equal((await run.settled).attempts, settled.reduce((sum, { attempts }) => sum + attempts, 0), where);
      for (const [at, body] of stats.bodies.entries()) {
        assert.equal(wrongWith(body.messages), null, where);
        if (at > 0) assert.ok(body.messages.length > stats.bodies[at - 1].messages.length, `${where}: sent twice`);
      }
      assert.equal(wrongWith(run.messages), null, where);
      const asked = run.messages.reduce((sum, { tool_calls: calls = [] }) => sum + calls.length, 0);
      assert.equal(run.messages.filter(({ role }) => role === "tool").length, asked, where);
      assert.ok(results.length <= asked, where);
      const answers = run.messages.filter(({ role }) => role === "assistant").length;
      assert.equal(asked, turns.slice(0, answers).reduce((sum, { calls }) => sum + calls, 0), where);
      assert.equal(client.snapshot().inFlight, 0, where);
      if (error === null) assert.equal((await run.final()).choices[0].message.content ?? null, run.steps.at(-1).completion.choices[0].message.content ?? null, where);
      ends[error?.name ?? "ok"] = (ends[error?.name ?? "ok"] ?? 0) + 1;
    }
    // Each kind of end has occurred.
    for (const name of ["ok", "APIUserAbortError", ...(stream ? ["StreamTruncatedError"] : [])]) assert.ok(ends[name] > 5, JSON.stringify(ends));
    assert.ok(Object.keys(ends).length > (stream ? 3 : 2), JSON.stringify(ends));
  });
}
