// A client in a Worker of its own with the object's limits, which apply to all of its isolates and to a gateway with the same key.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startWorker } from "../../../scripts/workerd.mjs";
import { endpoint, KEY, MESSAGES, MODEL, pkg, TOKEN } from "./setting/running.mjs";

const WORKER = `import { HuggingFace } from "hfetch";
import { LimitObject, durableStore, gateway } from "hfetch/gateway";
export { LimitObject };
const behind = gateway();
let hf;
export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/") return behind.fetch(request, env, ctx);
    hf ??= new HuggingFace({ apiKey: env.HF_TOKEN, baseURL: env.HF_BASE_URL, limits: JSON.parse(env.LIMITED), store: durableStore(env.LIMITS) });
    try {
      const stream = await hf.chat.completions.create({ ...(await request.json()), stream: true });
      let text = "";
      for await (const piece of stream.text()) text += piece;
      const { outcome, usage } = await stream.settled;
      return Response.json({ text, outcome, tokens: usage.total_tokens });
    } catch ({ name, reason, retryAfter }) {
      return Response.json({ name, reason, retryAfter }, { status: 429 });
    }
  },
};`;
const BODY = JSON.stringify({ model: MODEL, messages: MESSAGES });
const workers = [];
after(() => Promise.all(workers.map((worker) => worker.close())));

let scripts = 0;
async function start(limits, steps = []) {
  const id = `store-${(scripts += 1)}`;
  endpoint.script(id, steps);
  const env = { HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/s/${id}/v1`, LIMITED: JSON.stringify(limits), GATEWAY_CLIENT_KEYS: KEY, GATEWAY_KEY_REQUESTS_PER_MINUTE: String(limits.requestsPerMinute ?? 0) };
  const worker = await startWorker({ pkg, worker: WORKER, env, isolates: 2, log: () => {} });
  workers.push(worker);
  return { ...worker, ask: (at) => fetch(worker.urls[at % 2], { method: "POST", body: BODY }), stats: (until) => endpoint.stats(id, until) };
}

test("twenty at once in two isolates: as many as the limit get through, and the others are told when to come back", async () => {
  const worker = await start({ requestsPerMinute: 5, onLimit: "error" });
  const answers = await Promise.all(Array.from({ length: 20 }, async (_, at) => (await worker.ask(at)).json()));
  const granted = answers.filter(({ outcome }) => outcome === "ok");
  assert.deepEqual([granted.length, (await worker.stats()).requests], [5, 5], JSON.stringify(answers));
  assert.ok(granted.every(({ text, tokens }) => text.startsWith("You said") && tokens > 0));
  const refused = answers.filter(({ name }) => name === "LimitExceededError");
  assert.ok(refused.length === 15 && refused.every(({ reason, retryAfter }) => reason === "requests" && retryAfter > 0 && retryAfter <= 60_000));
});

test("a client and a gateway that send the same key share what it may", async () => {
  const worker = await start({ requestsPerMinute: 4, onLimit: "error" });
  const headers = { authorization: `Bearer ${KEY}` };
  const statuses = [];
  for (let at = 0; at < 3; at++) {
    statuses.push((await worker.ask(at)).status);
    statuses.push((await fetch(`${worker.urls[at % 2]}/v1/chat/completions`, { method: "POST", headers, body: BODY })).status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429]);
});

test("who waits in one isolate comes when another's request has ended, and none comes before", async () => {
  const worker = await start({ maxConcurrent: 1, onLimit: "wait" }, [{ delayMs: 100, times: 6 }]);
  const statuses = await Promise.all(Array.from({ length: 6 }, async (_, at) => (await worker.ask(at)).status));
  assert.deepEqual(statuses, Array(6).fill(200));
  const { requests, peak } = await worker.stats("closed");
  assert.deepEqual([requests, peak], [6, 1]);
});
