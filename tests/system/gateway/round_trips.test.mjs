// The messages to the Durable Object: one question before each request to the model's server, and one message after it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { MESSAGES, MODEL, startGateway } from "./setting/running.mjs";

/** Logs every call of the object's methods, whatever its result. */
const OPTIONS = `({ LIMITS }) => ({
  store: durableStore({
    idFromName: (name) => LIMITS.idFromName(name),
    get: (id) => new Proxy(LIMITS.get(id), {
      get: (object, method) => (...values) => {
        console.log(JSON.stringify({ event: "asked", method }));
        return object[method](...values);
      },
    }),
  }),
})`;
const body = { model: MODEL, messages: MESSAGES };
const token = { id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: "x" }, finish_reason: null }] };
const event = `data: ${JSON.stringify(token)}\n\n`;
const ONCE = ["reserve", "settle"];

let gateway;
before(async () => (gateway = await startGateway({ options: OPTIONS, env: { GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "1000", GATEWAY_KEY_TOKENS_PER_MINUTE: "1000000" } })));

/** All methods of the object that one request called: the log line is written when they have answered. */
async function asked(steps, ask, served = gateway) {
  served.script(steps);
  served.lines.length = 0;
  await ask();
  await served.logged(({ event: name }) => name === "request");
  return served.lines.filter(({ event: name }) => name === "asked").map(({ method }) => method);
}

const posted = (more, path) => async () => (await gateway.post({ ...body, ...more }, { path })).text();

test("a request that is answered, refused by the model's server, or not for the model at all", async () => {
  assert.deepEqual(await asked([], posted()), ONCE);
  assert.deepEqual(await asked([{ sse: Array(3_000).fill(token), done: true }], posted({ stream: true })), ONCE, "however many tokens");
  assert.deepEqual(await asked([], posted({ input: ["one", "two"] }, "/v1/embeddings")), ONCE);
  assert.deepEqual(await asked([{ status: 400, json: { error: "no" } }], posted()), ONCE);
  assert.deepEqual(await asked([{ errorFrame: 2 }], posted({ stream: true })), ONCE);
  assert.deepEqual(await asked([], posted({ model: "" })), []);
  for (const path of ["/v1/models", "/healthz"]) assert.deepEqual(await asked([], () => gateway.get(path)), [], path);
});

test("a caller who leaves in mid-stream", async () => {
  const left = await asked([{ text: event.repeat(2), contentType: "text/event-stream", stallAfter: event.length }], async () => {
    const response = await gateway.post({ ...body, stream: true });
    const reader = response.body.getReader();
    await reader.read();
    await reader.cancel();
  });
  assert.deepEqual(left, ONCE);
});

test("a refused request is only asked about", async () => {
  const full = await startGateway({ options: OPTIONS, env: { GATEWAY_REQUESTS_PER_MINUTE: "1" } });
  const post = async () => (await full.post(body)).text();
  assert.deepEqual(await asked([], post, full), ONCE);
  assert.deepEqual(await asked([], post, full), ["reserve"]);
});

test("each try of a request that is tried again is a request of its own", async () => {
  const down = { status: 503, json: { error: "overloaded" } };
  assert.deepEqual(await asked([{ ...down, times: 2 }], posted()), [...ONCE, ...ONCE, ...ONCE]);
  assert.deepEqual(await asked([{ ...down, headers: { "retry-after": "1" } }], posted()), [...ONCE, "block", ...ONCE], "a pause is told once");
  const narrow = await startGateway({ options: OPTIONS, env: { GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "3" } });
  const post = async () => (await narrow.post(body)).text();
  assert.equal((await asked([{ ...down, times: 2 }], post, narrow)).length, 6);
  assert.deepEqual(await asked([], post, narrow), ["reserve"], "three of three are used");
});

test("embeddings in several requests: one question for all where no key is limited", async () => {
  const input = Array.from({ length: 100 }, (_, at) => `text number ${at}`);
  const open = await startGateway({ options: OPTIONS, env: { GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "2" } });
  const post = async () => (await open.post({ model: "org/name", input }, { path: "/v1/embeddings" })).status;
  const statuses = [];
  const methods = [];
  for (let at = 0; at < 3; at += 1) methods.push(await asked([], async () => statuses.push(await post()), open));
  assert.deepEqual([statuses, methods], [[200, 200, 429], [ONCE, ONCE, ["reserve"]]]);
  assert.deepEqual(await asked([], posted({ model: "org/name", input }, "/v1/embeddings")), [...Array(5).fill("reserve"), ...Array(5).fill("settle")]);
});
