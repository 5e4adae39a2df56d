// Bodies that unknown callers send to a gateway. Each is refused in the gateway's own words, or forwarded in a form in which no JSON parser finds more
// than the operator allows.
import assert from "node:assert/strict";
import { head, pieces } from "./input.mjs";
import { members } from "./members.mjs";

const KEY = "hf_the_key_of_the_operator";
const CAPS = { maxTokens: 64, n: 2, messages: 4, bodyBytes: 700 };
const ALLOWED = /^(org|meta-llama)\/[^/:\s]*$/u;
const COMPLETION = JSON.stringify({ id: "1", object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
const EMBEDDING = JSON.stringify({ object: "list", data: [{ object: "embedding", index: 0, embedding: [1, 2] }], model: "org/model", usage: { prompt_tokens: 1, total_tokens: 1 } });

let sent = [];
let handler;

// The gateway logs a line for each request.
console.log = (line) => assert.ok(!line.includes(KEY), line);

/** A model's server that accepts everything. */
async function upstream(url, init) {
  sent.push({ url, init });
  const answer = new URL(url).pathname.endsWith("/chat/completions") ? COMPLETION : EMBEDDING;
  return new Response(answer, { headers: { "content-type": "application/json" } });
}

/** The first byte selects the route; the other bytes of the first line are the sizes of the pieces. `gateway` is the package's. */
export async function hold(data, { gateway }) {
  handler ??= gateway({ apiKeys: [KEY], clientKeys: ["key"], models: ["org/*", "meta-llama/*"], caps: CAPS, baseURL: "http://127.0.0.1/v1", fetch: upstream });
  sent = [];
  const [settings, bytes] = head(data);
  const kind = (settings[0] ?? 0) % 4 === 3 ? "embeddings" : "chat/completions";
  const [whole, inPieces] = [await ask(kind, [bytes]), await ask(kind, pieces(bytes, settings.subarray(1)))];
  assert.deepEqual(inPieces, whole);
  assert.equal({}.polluted, undefined);
}

async function ask(kind, parts) {
  sent = [];
  const body = new ReadableStream({
    start(controller) {
      for (const part of parts) if (part.length > 0) controller.enqueue(new Uint8Array(part));
      controller.close();
    },
  });
  const request = new Request(`http://127.0.0.1/v1/${kind}`, { method: "POST", body, duplex: "half", headers: { authorization: "Bearer key", "content-type": "application/json" } });
  const response = await handler.fetch(request, {}, {});
  const text = await response.text();
  assert.ok(!text.includes(KEY), text);
  // 502: the server always answers with one embedding, however many were requested.
  assert.ok([200, 400, 403, 413, ...(kind === "embeddings" ? [502] : [])].includes(response.status), `${response.status} ${text}`);
  assert.equal(sent.length > 0, response.status === 200 || response.status === 502);
  for (const each of sent) (kind === "embeddings" ? forwarded : forwardedChat)(each);
  if (response.status !== 200) assert.deepEqual(Object.keys(JSON.parse(text).error), ["message", "type", "code", "param"]);
  return { status: response.status, text, sent: sent.map(({ init }) => String(init.body)) };
}

/** Checks the forwarded body, whichever of two members with the same name a server reads. */
function forwarded({ url, init }) {
  assert.equal(new URL(url).origin, "http://127.0.0.1");
  const all = members(String(init.body));
  for (const [name, value] of all) {
    if (name === "model") assert.match(value, ALLOWED);
    if (name === "models" || name === "fallbacks") for (const model of [value].flat(Infinity)) if (typeof model === "string") assert.match(model, ALLOWED);
  }
  return all;
}

function forwardedChat(exchange) {
  const all = forwarded(exchange);
  let bounds = 0;
  for (const [name, value] of all) {
    if (value === null) continue;
    if (name === "n") assert.ok(Number.isInteger(value) && value >= 1 && value <= CAPS.n, `n is ${value}`);
    if (name === "messages") assert.ok(value.length <= CAPS.messages, `${value.length} messages`);
    if (name !== "max_tokens" && name !== "max_completion_tokens") continue;
    assert.ok(Number.isInteger(value) && value >= 1 && value <= CAPS.maxTokens, `${name} is ${value}`);
    bounds += name === "max_tokens" ? 1 : 0;
  }
  assert.equal(bounds, 1, "how long the answer may be is not said");
}
