// There is exactly one settlement for each create(), however it ends.
import { MODEL, PROMPT, SOME_BYTES, collect, scenario } from "./setting.mjs";

const PRICING = { inputPerMillion: 1, outputPerMillion: 2 };

export const settlement = [
  scenario("a finished stream: usage, cost, times, metadata", async ({ client, stats, inPage, assert }) => {
    const seen = [];
    const hf = client({ pricing: PRICING, onSettled: (one) => seen.push(["client", one]) });
    const metadata = { job: 7 };
    const pending = hf.chat.completions.create({ messages: PROMPT, stream: true }, { metadata, onSettled: (one) => seen.push(["request", one]) });
    const stream = await pending;
    await collect(stream);
    const one = await stream.settled;
    assert.equal(one, await pending.settled);
    assert.deepEqual(seen.map(([who]) => who), ["client", "request"]);
    assert.ok(seen.every(([, same]) => same === one));
    const { prompt_tokens: input, completion_tokens: output } = one.usage;
    assert.deepEqual([one.outcome, one.finishReason, one.kind, one.model, one.attempts, one.usage.source], ["ok", "stop", "chat", MODEL, 1, "reported"]);
    assert.equal(one.metadata, metadata);
    assert.equal(one.provider, inPage ? null : "novita");
    assert.match(one.key, /^huggingface-/);
    assert.ok(Math.abs(one.cost.usd - (input + 2 * output) / 1e6) < 1e-12 && one.cost.source === "configured");
    assert.ok(Math.abs(one.cost.inputUsd - input / 1e6) < 1e-12 && Math.abs(one.cost.outputUsd - (2 * output) / 1e6) < 1e-12);
    assert.ok(one.firstTokenMs >= 0 && one.durationMs >= one.firstTokenMs && one.startedAt > 1.7e12);
    assert.equal(one.requestId, stream.response.requestId);
    const { spend } = hf.snapshot();
    assert.deepEqual([spend.requests, spend.promptTokens, spend.completionTokens, spend.unpriced], [1, input, output, 0]);
    assert.ok(Math.abs(spend.usd - one.cost.usd) < 1e-12);
    assert.ok(!("metadata" in (await stats()).bodies[0]), "metadata is never sent");
  }),

  scenario("a whole answer settles once; without a price the cost is unknown, never 0", async ({ client, assert }) => {
    let settled = 0;
    const hf = client({ onSettled: () => (settled += 1) });
    const pending = hf.chat.completions.create({ messages: PROMPT });
    const answer = await pending;
    const { cost, usage } = await pending.settled;
    assert.deepEqual(cost, { usd: null, inputUsd: null, outputUsd: null, source: "unknown" });
    assert.equal(usage.total_tokens, answer.usage.total_tokens);
    assert.deepEqual([settled, hf.snapshot().spend.unpriced], [1, 1]);
  }),

  scenario("a cancelled stream settles with its estimate", async ({ client, script, closed, assert }) => {
    await script({ stallAfter: SOME_BYTES * 2 });
    let settled = 0;
    const hf = client({ pricing: PRICING, onSettled: () => (settled += 1) });
    const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true });
    for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
    const { outcome, usage, cost } = await stream.settled;
    assert.deepEqual([outcome, usage.source, settled], ["aborted", "estimated", 1]);
    assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0 && cost.usd > 0);
    await closed();
    assert.deepEqual([hf.snapshot().inFlight, settled], [0, 1]);
  }),

  scenario("usage: the last reported counts, null erases nothing", async ({ client, script, assert }) => {
    await script({ fixture: "usage-in-every-chunk.sse" }, { fixture: "usage-erased-by-null.sse" });
    const hf = client();
    for (const [prompt_tokens, completion_tokens] of [[46, 4], [5, 2]]) {
      const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true });
      await collect(stream.text());
      const { usage } = await stream.settled;
      assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.source], [prompt_tokens, completion_tokens, "reported"]);
    }
  }),

  scenario("an onSettled that throws breaks nothing", async ({ client, assert }) => {
    const boom = () => {
      throw new Error("boom");
    };
    const hf = client({ onSettled: boom });
    const pending = hf.chat.completions.create({ messages: PROMPT }, { onSettled: boom });
    assert.equal((await pending).object, "chat.completion");
    assert.equal((await pending.settled).outcome, "ok");
  }),

  scenario("live prices: the provider's that is named, or the dearest", async ({ client, inPage, assert }) => {
    const hf = client({ pricing: "live" });
    const settled = async (model) => {
      const pending = hf.chat.completions.create({ model, messages: PROMPT });
      await pending;
      return pending.settled;
    };
    const pinned = await settled(`${MODEL}:cerebras`);
    assert.deepEqual([pinned.provider, pinned.cost.source], ["cerebras", "live"]);
    assert.ok(Math.abs(pinned.cost.usd - pinned.usage.total_tokens * 0.1e-6) < 1e-12);
    const open = await settled(MODEL);
    assert.equal(open.cost.source, inPage ? "live-max" : "live");
  }),
];
