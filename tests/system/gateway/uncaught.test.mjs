// How workerd handles errors that nobody catches: there is an answer, whatever the errors carry. It takes some properties for its own.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startWorker } from "../../../scripts/workerd.mjs";
import { KEY, MESSAGES, MODEL, endpoint, pkg, startGateway } from "./setting/running.mjs";

const WORKER = `import * as hfetch from "hfetch";
import { LimitObject, gateway } from "hfetch/gateway";
export { LimitObject };
const fields = { isRetryable: true, retryable: true, overloaded: true, status: 503, retryAfter: 1_000, partial: {}, reason: "idle", cause: new Error("why") };
const made = (name) => new hfetch[name]("thrown on purpose", fields);
const classes = Object.keys(hfetch).filter((name) => name.endsWith("Error"));
const ways = {
  classes: () => Response.json(classes),
  made: (name) => { throw made(name); },
  // A gateway in whose own function an error is thrown.
  authorize: (name, request) => gateway({ authorize() { throw made(name); } }).fetch(request, { HF_TOKEN: "hf_token" }),
  async call(baseURL) {
    const options = { apiKey: "${KEY}", baseURL, model: "${MODEL}", retry: false, timeout: 200, limits: { requestsPerMonth: 1, onLimit: "error" } };
    const hf = new hfetch.HuggingFace(options);
    const ask = async () => (await hf.chat.completions.create({ messages: ${JSON.stringify(MESSAGES)}, stream: true })).final();
    await ask();
    return Response.json(await ask());
  },
};
export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    return ways[searchParams.get("way")](searchParams.get("with"), request);
  },
};`;

const worker = await startWorker({ pkg, worker: WORKER, log: () => {} });
after(() => worker.close());
const ask = (way, given = "") => fetch(`${worker.url}/v1/models?${new URLSearchParams({ way, with: given })}`);

test("each class of error that a handler throws is a 500", async () => {
  const classes = await (await ask("classes")).json();
  assert.ok(classes.length >= 20, `${classes}`);
  for (const name of classes) assert.equal((await ask("made", name)).status, 500, name);
});

test("and so it is in a gateway, in its own words", async () => {
  for (const name of await (await ask("classes")).json()) {
    const answer = await ask("authorize", name);
    assert.deepEqual([answer.status, (await answer.json()).error.code], [500, "internal_error"], name);
  }
});

test("what calls fail with is a 500, straight from a server and through a gateway", async () => {
  const kinds = {
    status: [{ status: 429, headers: { "retry-after": "60" } }],
    unavailable: [{ status: 503 }],
    loading: [{ loading: 20 }],
    connection: [{ resetBeforeHeaders: true }],
    timeout: [{ stallBeforeHeaders: true }],
    cut: [{ cutAfter: 40 }],
    limit: [{}, {}],
  };
  for (const [kind, steps] of Object.entries(kinds)) {
    endpoint.script(`uncaught-${kind}`, steps);
    assert.equal((await ask("call", `${endpoint.url}/s/uncaught-${kind}/v1`)).status, 500, kind);
    const gateway = await startGateway({ steps });
    assert.equal((await ask("call", `${gateway.url}/v1`)).status, 500, `${kind}, through a gateway`);
  }
});
