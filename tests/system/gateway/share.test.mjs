// The influence of one caller on the others: pauses, places, streams that nobody reads, the catalogue.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { KEY, MESSAGES, MODEL, startGateway } from "./setting/running.mjs";

const OTHER = "the-key-of-another-caller";
const KEYS = `${KEY},${OTHER}`;
const TOKENS = "hf_first_key_of_the_operator,hf_second_key_of_the_operator";
const body = { model: MODEL, messages: MESSAGES };
const busy = { ...body, model: "busy/model" };
const DAY = { "retry-after": "86400" };

const statusOf = async (answer) => {
  const response = await answer;
  await response.text();
  return response.status;
};

test("a pause that a server asks for stops that model alone, in every isolate", async () => {
  for (const status of [429, 503]) {
    const gateway = await startGateway({ isolates: 2, env: { GATEWAY_CLIENT_KEYS: KEYS, GATEWAY_REQUESTS_PER_MINUTE: "100" } });
    gateway.script([{ status, json: { error: "busy" }, headers: DAY }]);
    assert.equal(await statusOf(gateway.post(busy)), status);
    const there = (asked) => fetch(`${gateway.urls[1]}/v1/chat/completions`, { method: "POST", headers: { authorization: `Bearer ${OTHER}` }, body: JSON.stringify(asked) });
    for (const ask of [(asked) => gateway.post(asked, { key: OTHER }), there]) {
      assert.equal(await statusOf(ask(busy)), 429, "the pause is known");
      assert.equal(await statusOf(ask(body)), 200, "of no other model");
    }
    assert.equal((await gateway.stats()).requests, 3);
  }
});

test("a window that the server calls spent stops the key, and the other key goes on", async () => {
  const spent = { status: 429, json: { error: "slow down" }, headers: { ratelimit: '"api";r=0;t=60' } };
  const one = await startGateway({ steps: [spent] });
  assert.deepEqual([await statusOf(one.post(busy)), await statusOf(one.post(body))], [429, 429]);
  assert.equal((await one.stats()).requests, 1);
  const two = await startGateway({ env: { HF_TOKEN: TOKENS }, steps: [spent] });
  assert.deepEqual([await statusOf(two.post(busy)), await statusOf(two.post(body))], [200, 200]);
});

test("what the model's server refuses for a wrong model stops nobody", async () => {
  for (const status of [400, 404, 410, 422]) {
    const gateway = await startGateway({ steps: [{ status, json: { error: "no such model" }, headers: DAY, times: 2 }] });
    for (let again = 0; again < 2; again += 1) assert.equal(await statusOf(gateway.post(busy)), status);
    assert.equal(await statusOf(gateway.post(body)), 200);
  }
});

test("the catalogue: one question for all that ask, a failure is kept, and neither stops a call", async () => {
  const gateway = await startGateway({ steps: [{ status: 429, json: { error: "slow down" }, headers: DAY }] });
  const many = await Promise.all(Array.from({ length: 50 }, () => gateway.get("/v1/models")));
  assert.deepEqual([...new Set(many.map(({ status }) => status))], [429]);
  for (const response of many) assert.ok(Number(response.headers.get("retry-after")) <= 30, "asked again long before a day is over");
  assert.equal((await gateway.stats()).requests, 1);
  assert.equal(await statusOf(gateway.post(body)), 200);
  const slow = await startGateway({ steps: [{ stallBeforeHeaders: 500, json: { data: [{ id: MODEL }] } }] });
  const listed = await Promise.all(Array.from({ length: 50 }, () => statusOf(slow.get("/v1/models"))));
  assert.deepEqual([[...new Set(listed)], (await slow.stats()).requests], [[200], 1]);
});

test("live prices are asked for once by all calls that want them", async () => {
  const price = { data: [{ id: MODEL, providers: [{ provider: "p", status: "live", pricing: { input: 1, output: 1 } }] }] };
  const gateway = await startGateway({ env: { GATEWAY_BUDGET_USD: "100" }, steps: [{ stallBeforeHeaders: 500, json: price }] });
  const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(gateway.post({ ...body, max_tokens: 5 }))));
  const { paths } = await gateway.stats();
  assert.deepEqual([[...new Set(statuses)], paths.filter((path) => path.endsWith("/models")).length], [[200], 1]);
});

test("nobody holds more than a share of the places, a quarter where nobody says", async () => {
  const stalls = { sse: [], stallAfter: 0 };
  const open = async (gateway, key) => gateway.post({ ...body, stream: true }, { key, signal: AbortSignal.timeout(60_000) });
  for (const [most, own, share] of [["8", undefined, 2], ["3", undefined, 1], ["8", "5", 5], ["4", "0", 4]]) {
    const env = { GATEWAY_CLIENT_KEYS: KEYS, GATEWAY_MAX_CONCURRENT: most, ...(own && { GATEWAY_CLIENT_MAX_CONCURRENT: own }) };
    const gateway = await startGateway({ env, steps: [{ ...stalls, times: 20 }] });
    for (let held = 0; held < share; held += 1) assert.equal((await open(gateway, KEY)).status, 200, `${most} ${own}: ${held}`);
    const refused = await open(gateway, KEY);
    assert.deepEqual([refused.status, (await refused.json()).error.message], [429, `${own === "0" ? "This gateway's" : "Your"} limit of requests at once is reached.`]);
    assert.equal((await open(gateway, OTHER)).status, own === "0" ? 429 : 200);
  }
});

test("a limit of places for each key counts each of them", async () => {
  const gateway = await startGateway({ env: { HF_TOKEN: TOKENS, GATEWAY_KEY_MAX_CONCURRENT: "1" }, steps: [{ sse: [], stallAfter: 0, times: 3 }] });
  const open = () => gateway.post({ ...body, stream: true });
  assert.deepEqual([(await open()).status, (await open()).status, (await open()).status], [200, 200, 429]);
});

// More than the buffers of both sockets and of the runtime hold, with hardly a token.
const LONG = { sse: Array(40_000).fill({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: "" }, finish_reason: null }], padding: "x".repeat(500) }), done: true };

test("a stream that its caller does not read is given up after the idle timeout: place, tokens and socket come back", async (t) => {
  const env = { GATEWAY_MAX_CONCURRENT: "1", GATEWAY_TOKENS_PER_MINUTE: "3000", GATEWAY_TIMEOUT_IDLE: "800" };
  const gateway = await startGateway({ env, steps: [LONG] });
  const text = JSON.stringify({ ...body, stream: true, max_tokens: 2_500 });
  const socket = connect(gateway.port, "127.0.0.1").on("error", () => {}).pause();
  t.after(() => socket.destroy());
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
  const { disconnected, timedOut } = await gateway.stats("disconnected:1");
  assert.deepEqual([disconnected, timedOut], [1, undefined]);
  const lines = await gateway.logged(({ outcome }) => outcome !== undefined);
  assert.deepEqual([lines.length, lines[0].outcome], [1, "aborted"]);
  assert.match(lines[0].detail, /nobody has read the stream for 800 ms/);
  assert.equal(await statusOf(gateway.post({ ...body, max_tokens: 100 })), 200, "its place and its tokens are free");
});
