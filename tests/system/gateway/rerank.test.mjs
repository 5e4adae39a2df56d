// Reranking through the gateway: counted, limited, logged and priced like embeddings, for hfetch's own client and by hand.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { KEY, pkg, startGateway } from "./setting/running.mjs";

const { HuggingFace } = await import(pathToFileURL(join(pkg, "dist/index.js")).href);
const BODY = { model: "org/re", query: "sun in Ghent", documents: ["rain", "sun in Ghent", "sun"] };
const path = "/v1/rerank";

let gateway;
before(async () => {
  gateway = await startGateway({ env: { GATEWAY_PRICING: '{"inputPerMillion":1,"outputPerMillion":1}', GATEWAY_TELL_COST: "true", GATEWAY_MODELS: "org/*", GATEWAY_EMBEDDINGS_BATCH: "2", GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "4" } });
});

test("the best come first, in one request of the caller's, whatever batches it takes", async () => {
  const response = await gateway.post({ ...BODY, top_n: 2 }, { path });
  const { object, model, results, usage } = await response.json();
  assert.deepEqual([response.status, object, model, results.map(({ index }) => index)], [200, "list", "org/re", [1, 2]]);
  assert.ok(results[0].relevance_score > results[1].relevance_score);
  assert.equal(String(usage.cost), response.headers.get("x-hfetch-cost-usd"));
  assert.equal(usage.cost, usage.prompt_tokens / 1e6);
  assert.equal(response.headers.get("x-ratelimit-remaining-requests"), "3");
  const [line] = await gateway.logged(({ kind }) => kind === "rerank");
  assert.deepEqual([line.outcome, line.path, line.attempts, line.promptTokens], ["ok", path, 2, usage.prompt_tokens]);
  assert.equal((await gateway.stats("closed")).requests, 2);
});

test("hfetch's own client has it behind a gateway as before a server, with the price", async () => {
  const hf = new HuggingFace({ baseURL: `${gateway.url}/v1`, apiKey: KEY, model: "org/re" });
  const { query, documents } = BODY;
  const pending = hf.rerank.create({ query, documents });
  assert.deepEqual((await pending).results.map(({ index }) => index), [1, 2, 0]);
  const { cost, kind } = await pending.settled;
  assert.ok(kind === "rerank" && cost.source === "reported" && cost.usd > 0, JSON.stringify(cost));
});

test("what is wrong is refused by its name, and nothing is sent", async () => {
  const before = (await gateway.stats("closed")).requests;
  for (const [more, status, param] of [
    [{ documents: undefined }, 400, "documents"], [{ documents: [] }, 400, "documents"], [{ query: "" }, 400, "query"], [{ query: undefined }, 400, "query"], [{ top_n: 0 }, 400, "top_n"],
    [{ model: undefined }, 400, "model"], [{ model: "other/re" }, 403, "model"], [{ documents: Array(2_049).fill("a") }, 400, "documents"],
  ]) {
    const response = await gateway.post({ ...BODY, ...more }, { path });
    assert.deepEqual([response.status, (await response.json()).error.param], [status, param], JSON.stringify(more).slice(0, 80));
  }
  assert.equal((await gateway.post(BODY, { path, key: "another" })).status, 401);
  assert.equal((await gateway.get(path)).status, 405);
  assert.equal((await gateway.stats("closed")).requests, before);
});

test("a client's limit holds for it", async () => {
  const statuses = [];
  for (let at = 0; at < 3; at++) statuses.push((await gateway.post({ ...BODY, documents: ["a"] }, { path })).status);
  assert.deepEqual(statuses, [200, 200, 429]);
});
