// The client's addition to a stream's body can be removed: by the caller, and by a server that refuses it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT, failure, scripted } from "./setting/installed.mjs";

const REFUSALS = [
  { status: 422, json: { detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] } },
  { status: 400, json: { error: { message: "Unrecognized request argument supplied: stream_options", type: "invalid_request_error", param: null } } },
  { status: 400, json: { error: { message: "Unknown parameter.", param: "stream_options.include_usage" } } },
  { status: 422, text: "Failed to deserialize the JSON body: unknown field `stream_options`" },
];
const ask = (hf, body = {}, options) => hf.chat.completions.create({ messages: PROMPT, stream: true, ...body }, options);
const sent = async (script) => (await script.stats()).bodies.map((body) => body.stream_options ?? null);
const ASKED = { include_usage: true };

for (const refusal of REFUSALS) {
  test(`a server that refuses them is asked once more without, and never again with them: ${JSON.stringify(refusal.json ?? refusal.text)}`, async () => {
    const script = scripted(refusal, {}, {}, {});
    const hf = script.client();
    const first = await ask(hf);
    assert.match((await first.final()).choices[0].message.content, /Say something short/);
    const { outcome, attempts, usage } = await first.settled;
    assert.deepEqual([outcome, attempts, usage.source], ["ok", 2, "estimated"]);
    const again = await (await ask(hf, { stream_options: { ...ASKED, x: 1 } })).final();
    assert.equal(again.choices[0].finish_reason, "stop");
    await ask(hf, { stream: false });
    assert.deepEqual(await sent(script), [ASKED, null, null, null]);
    const [key] = hf.snapshot().keys;
    assert.deepEqual([key.requests, key.state, hf.snapshot().inFlight], [4, "ready", 0]);
    assert.equal((await script.closed()).requests, 4);
  });
}

test("it is asked at once, whatever the policy of retries", async () => {
  for (const retry of [false, { maxAttempts: 1 }, { baseDelay: 60_000 }]) {
    const script = scripted(REFUSALS[0], {});
    const started = performance.now();
    await (await ask(script.client({ retry }))).final();
    assert.ok(performance.now() - started < 5_000);
  }
});

test("once: what is refused without them is the answer, and nothing is remembered", async () => {
  const script = scripted(REFUSALS[0], REFUSALS[0], {});
  const hf = script.client();
  const pending = ask(hf);
  const error = await failure(pending);
  assert.deepEqual([error.name, error.attempts, (await pending.settled).attempts], ["UnprocessableEntityError", 2, 2]);
  await (await ask(hf)).final();
  assert.deepEqual(await sent(script), [ASKED, null, ASKED]);
});

test("what fails after that is tried again by the rules, without them", async () => {
  const script = scripted({ status: 503 }, REFUSALS[0], { status: 503 }, {});
  const stream = await ask(script.client({ retry: { maxAttempts: 4, baseDelay: 1 } }));
  await stream.final();
  assert.equal((await stream.settled).attempts, 4);
  assert.deepEqual(await sent(script), [ASKED, ASKED, null, null]);
});

test("other refusals are answers, and so is one of a body that had none", async () => {
  const table = [[{ status: 400, json: { error: "no" } }], [{ status: 500, text: "stream_options" }, {}], [{ ...REFUSALS[0] }, { stream_options: null }], [{ ...REFUSALS[0] }, { stream: false }]];
  for (const [step, body] of table) {
    const script = scripted(step);
    const error = await failure(ask(script.client({ retry: false }), body));
    assert.equal(error.attempts, 1, JSON.stringify(step));
  }
});

test("both requests count against a limit, and neither twice", async () => {
  const script = scripted(REFUSALS[0], {}, {});
  const hf = script.client({ limits: { requestsPerMinute: 3, tokensPerMinute: 10_000, onLimit: "error" } });
  const stream = await ask(hf);
  await stream.final();
  const { usage } = await stream.settled;
  const [key] = hf.snapshot().keys;
  assert.deepEqual([key.requestsLastMinute, key.requestsThisMonth, key.tokensLastMinute], [2, 2, usage.total_tokens]);
  await (await ask(hf)).final();
  assert.equal((await failure(ask(hf))).reason, "requests");
});

test("where the limit has no place for the second request, the server's word is the answer", async () => {
  const script = scripted(REFUSALS[0], {});
  const error = await failure(ask(script.client({ limits: { requestsPerMinute: 1, onLimit: "error" } })));
  assert.deepEqual([error.name, (await script.stats()).requests], ["UnprocessableEntityError", 1]);
});

test("calls under way at once each find out for themselves", async () => {
  const asked = [];
  const fetch = async (url, { body }) => {
    const has = "stream_options" in JSON.parse(body);
    asked.push(has);
    if (has) return Response.json(REFUSALS[0].json, { status: 422 });
    return new Response('data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n', { headers: { "content-type": "text/event-stream" } });
  };
  const hf = scripted().client({ fetch });
  const streams = await Promise.all([ask(hf), ask(hf), ask(hf)]);
  for (const stream of streams) assert.equal((await stream.final()).choices[0].message.content, "hi");
  await (await ask(hf)).final();
  assert.deepEqual(asked, [true, true, true, false, false, false, false]);
});
