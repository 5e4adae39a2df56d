// The operator's route, and `models` in a body: which models may be asked besides a call's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch, scripted } from "../../package/setting/installed.mjs";
import { runOn } from "../../../src/js/gateway/client.js";
import { Service } from "../../../src/js/gateway/service.js";
import { settings } from "../../../src/js/gateway/setting.js";
import { openUpstream } from "../../../src/js/gateway/upstream.js";

runOn(hfetch.HuggingFace, hfetch.internals);

const KEY = "a-client-key";
const BODY = { model: "org/a", messages: [{ role: "user", content: "hi" }] };

/** A gateway in front of the stand-in endpoint, with what the model's server got and what was logged. */
function gateway(options, steps, env = {}) {
  const script = scripted(...steps);
  const seen = { models: [], texts: [], lines: [] };
  const there = (url, init) => {
    if (init.body) {
      seen.texts.push(init.body);
      seen.models.push(JSON.parse(init.body).model);
    }
    return fetch(url, init);
  };
  const given = settings({ clientKeys: [KEY], apiKeys: ["hf_test"], baseURL: script.baseURL, fetch: there, ...options }, env);
  const service = new Service(given, openUpstream(given));
  const post = async (body) => {
    const log = console.log;
    console.log = (line) => seen.lines.push(JSON.parse(line));
    const work = [];
    try {
      const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
      const request = new Request("https://gw.example/v1/chat/completions", { method: "POST", headers, body: JSON.stringify(body) });
      const response = await service.fetch(request, {}, { waitUntil: (promise) => work.push(promise) });
      const answer = { status: response.status, body: await response.json() };
      await Promise.all(work);
      return answer;
    } finally {
      console.log = log;
    }
  };
  return { post, seen };
}

const fails = { status: 503, json: { error: "no" } };

test("the operator's models are asked when the first fails, and the log tells it", async () => {
  const { post, seen } = gateway({ route: { models: ["org/b"] } }, [fails, {}]);
  assert.equal((await post(BODY)).status, 200);
  assert.deepEqual(seen.models, ["org/a", "org/b"]);
  const [line] = seen.lines;
  assert.deepEqual(line.tried.map(({ model, status, error }) => [model, status, error]), [["org/a", 503, "InternalServerError"]]);
  assert.equal(line.model, "org/b");
});

test("the same by variables", async () => {
  const { post, seen } = gateway({}, [fails, {}], { GATEWAY_ROUTE_MODELS: "org/b, org/c" });
  assert.equal((await post(BODY)).status, 200);
  assert.deepEqual(seen.models, ["org/a", "org/b"]);
  assert.equal("tried" in seen.lines[0], true);
});

test("a body's models come before the operator's, and go no further", async () => {
  const { post, seen } = gateway({ route: { models: ["org/z"] } }, [fails, fails, {}]);
  assert.equal((await post({ ...BODY, models: ["org/a", "org/b"] })).status, 200);
  assert.deepEqual(seen.models, ["org/a", "org/b", "org/z"]);
  assert.ok(seen.texts.every((text) => !text.includes('"models"')));
});

test("models without a model begin with the first", async () => {
  const { post, seen } = gateway({ route: {} }, [fails, {}]);
  assert.equal((await post({ messages: BODY.messages, models: ["org/b", "org/c"] })).status, 200);
  assert.deepEqual(seen.models, ["org/b", "org/c"]);
});

test("without a route they are the affair of the model's server", async () => {
  const { post, seen } = gateway({}, [{}]);
  assert.equal((await post({ ...BODY, models: ["org/b"] })).status, 200);
  assert.deepEqual(JSON.parse(seen.texts[0]).models, ["org/b"]);
});

test("the list of models holds for every candidate", async () => {
  const { post, seen } = gateway({ models: ["org/*"], route: {} }, [{}]);
  const { status, body } = await post({ ...BODY, models: ["org/b", "evil/name"] });
  assert.deepEqual([status, body.error.code, body.error.param], [403, "model_not_allowed", "models"]);
  assert.deepEqual(seen.models, []);
  assert.throws(() => settings({ clientKeys: [KEY], models: ["org/*"], route: { models: ["evil/name"] } }, {}), ({ path }) => path === "route.models");
  const variables = { GATEWAY_CLIENT_KEYS: KEY, GATEWAY_MODELS: "org/*", GATEWAY_ROUTE_MODELS: "evil/name" };
  assert.throws(() => settings({}, variables), { path: "GATEWAY_ROUTE_MODELS" });
  for (const models of ["org/b", [3], [""], Array(17).fill("org/b")]) {
    assert.equal((await post({ ...BODY, models })).status, 400, JSON.stringify(models));
  }
});

test("a route that makes no sense is refused by the name that its operator knows", () => {
  const open = (options, env) => openUpstream(settings({ clientKeys: [KEY], apiKeys: ["hf_test"], ...options }, env));
  assert.throws(() => open({ route: { sort: "best" } }, {}), ({ path }) => path === "route.sort");
  assert.throws(() => open({}, { GATEWAY_ROUTE_SORT: "best" }), ({ path }) => path === "GATEWAY_ROUTE_SORT");
  assert.throws(() => open({}, { GATEWAY_ROUTE_MIN_CONTEXT: "many" }), ({ path }) => path === "GATEWAY_ROUTE_MIN_CONTEXT");
  assert.throws(() => open({}, { GATEWAY_ROUTE_SORTS: "cost" }), ({ path }) => path === "GATEWAY_ROUTE_SORTS");
  open({}, { GATEWAY_ROUTE_SORT: "cost", GATEWAY_ROUTE_HAS: "tools", GATEWAY_ROUTE_MAX_INPUT_PER_MILLION: "1.5", GATEWAY_ROUTE_MIN_THROUGHPUT: "20" });
});

const OFFERED = { data: [{ id: "org/a", providers: [{ provider: "dear", status: "live", pricing: { input: 3, output: 9 } }] }] };

/** A gateway in front of the router, which has this catalogue; `answer` answers all other requests. */
function behindRouter(route, answer = () => Response.json({}, { status: 500 })) {
  const sent = [];
  const router = async (url, init) => {
    if (String(url).endsWith("/models")) return Response.json(OFFERED);
    sent.push(JSON.parse(init.body).model);
    return answer();
  };
  const given = settings({ clientKeys: [KEY], apiKeys: ["hf_test"], route, fetch: router }, {});
  const service = new Service(given, openUpstream(given));
  const post = async (body) => {
    const log = console.log;
    console.log = () => {};
    try {
      const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
      const response = await service.fetch(new Request("https://gw.example/v1/chat/completions", { method: "POST", headers, body: JSON.stringify(body) }), {}, { waitUntil() {} });
      return { status: response.status, headers: response.headers, body: await response.json() };
    } finally {
      console.log = log;
    }
  };
  return { post, sent };
}

test("where no offer fits, a caller hears so once, and nothing of the operator's conditions", async () => {
  for (const [route, model] of [[{ maxPrice: { inputPerMillion: 1.25 }, models: ["org/hidden"] }, "org/a"], [{ sort: "cost", models: ["org/hidden"] }, "org/none"]]) {
    const { post, sent } = behindRouter(route);
    const { status, headers, body } = await post({ ...BODY, model });
    assert.deepEqual([status, body.error.code, body.error.param], [404, "no_offer", "model"]);
    assert.equal(headers.get("x-should-retry"), "false");
    assert.doesNotMatch(JSON.stringify(body), /maxPrice|hidden|1\.25/);
    assert.deepEqual(sent, []);
  }
});

test("models of a body and of the operator are asked once each, however many they are", async () => {
  const own = Array.from({ length: 30 }, (_, index) => `org/m${index}`);
  const { post, seen } = gateway({ route: { models: own } }, [fails, fails, {}]);
  const models = ["org/b", "org/a", ...own.slice(0, 14)];
  assert.equal((await post({ ...BODY, models })).status, 200);
  assert.deepEqual(seen.models, ["org/a", "org/b", "org/m0"]);
  const { status, body } = await post({ ...BODY, models: ["org/\u0001"] });
  assert.deepEqual([status, body.error.param], [400, "models"]);
});
