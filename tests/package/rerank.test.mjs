// Reranking: what the client makes of a server's scores, and that keys, limits, retries, aborts and the ledger work as for embeddings.
import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, hfetch, scripted } from "./setting/installed.mjs";

const rerank = (hf, body, options) => hf.rerank.create({ model: "org/re", query: "q", ...body }, options);
const rows = (...scores) => scores.map((score, index) => ({ index, score }));

test("the best comes first, equal ones in their order, and top_n of them are given", async () => {
  const script = scripted({ json: rows(0.1, 0.9, 0.123456789012345, 0.9), times: 2 });
  const documents = ["a", "b", "c", "d"];
  const whole = await rerank(script.client(), { documents });
  assert.deepEqual(whole.results, [{ index: 1, relevance_score: 0.9 }, { index: 3, relevance_score: 0.9 }, { index: 2, relevance_score: 0.123456789012345 }, { index: 0, relevance_score: 0.1 }]);
  assert.deepEqual([whole.object, whole.model, whole.usage.source], ["list", "org/re", "estimated"]);
  const best = await rerank(script.client(), { documents, top_n: 1 });
  assert.deepEqual(best.results, [{ index: 1, relevance_score: 0.9 }]);
});

test("scores of several batches come together, and one batch that fails fails the call", async () => {
  const script = scripted({ json: rows(0.1, 0.2) }, { json: rows(0.3) }, { json: rows(0.1, 0.2) }, { status: 422, json: { error: "too long" } });
  const hf = script.client({ embeddings: { batchSize: 2, concurrency: 1 }, retry: false });
  const pending = rerank(hf, { documents: ["a", "b", "c"] });
  assert.deepEqual((await pending).results.map(({ index }) => index), [2, 1, 0]);
  const { kind, outcome, attempts, usage } = await pending.settled;
  assert.deepEqual([kind, outcome, attempts, usage.completion_tokens], ["rerank", "ok", 2, 0]);
  const failing = rerank(hf, { documents: ["a", "b", "c"] });
  const error = await failure(failing);
  assert.ok(error instanceof hfetch.UnprocessableEntityError);
  assert.match(error.message, /^inputs 2 to 2: /);
  assert.equal((await failing.settled).outcome, "error");
});

for (const [name, json] of [["too few scores", rows(0.1)], ["too many", rows(0.1, 0.2, 0.3)], ["no number", rows(0.1, null)], ["an error with status 200", { error: "no" }], ["an index twice", [{ index: 0, score: 1 }, { index: 0, score: 1 }]]]) {
  test(`wrong answer: ${name}`, async () => {
    const script = scripted({ json });
    const pending = rerank(script.client({ retry: false }), { documents: ["a", "b"] });
    const error = await failure(pending);
    assert.ok(error instanceof hfetch.APIError, String(error));
    assert.match(error.message, /scores/);
    assert.equal((await pending.settled).outcome, "error");
    await script.closed();
  });
}

test("bad arguments name the field and send nothing", async () => {
  const script = scripted();
  for (const [body, path] of [[{}, "documents"], [{ documents: [] }, "documents"], [{ documents: ["a", {}] }, "documents[1]"], [{ documents: ["a"], query: "" }, "query"], [{ documents: ["a"], top_n: 0 }, "top_n"]]) {
    const error = await failure(rerank(script.client(), body));
    assert.deepEqual([error.name, error.path], ["ConfigError", path]);
  }
  assert.equal((await script.stats()).requests, 0);
});

test("it is retried, counted against limits, and ended by a signal down to the socket", async () => {
  const script = scripted({ status: 503 }, { json: rows(1) }, { stallBeforeHeaders: true });
  const hf = script.client({ retry: { baseDelay: 1 }, limits: { requestsPerMinute: 3, onLimit: "error" } });
  const pending = rerank(hf, { documents: ["a"] });
  await pending;
  assert.equal((await pending.settled).attempts, 2);
  const abort = new AbortController();
  const aborted = rerank(hf, { documents: ["a"] }, { signal: abort.signal });
  await script.stats("requests:3");
  abort.abort();
  assert.equal((await failure(aborted)).name, "APIUserAbortError");
  assert.equal((await aborted.settled).outcome, "aborted");
  await script.closed();
  assert.equal((await failure(rerank(hf, { documents: ["a"] }))).name, "LimitExceededError");
  assert.equal(hf.snapshot().inFlight, 0);
});
