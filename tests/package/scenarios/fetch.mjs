// hf.fetch and withOptions: what other libraries get from a client.
import { MODEL, PROMPT, scenario } from "./setting.mjs";

const TEXT = JSON.stringify({ messages: PROMPT, model: MODEL });
const STREAM = JSON.stringify({ messages: PROMPT, model: MODEL, stream: true });
const headers = { "content-type": "application/json" };
const post = (body, more) => ({ method: "POST", headers, body, ...more });
const CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n';

/** The content of a body before it ends or fails. */
async function read(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += decoder.decode(part.value, { stream: true });
    return { text };
  } catch (error) {
    return { text, error };
  }
}

const rejection = (promise) => promise.then(() => undefined, (error) => error);

export const fetching = [
  scenario("fetch: whole and streamed answers pass through, with the client's key and one settlement each", async ({ client, baseURL, closed, assert }) => {
    const settlements = [];
    const hf = client({ onSettled: (one) => settlements.push(one) });
    const whole = await hf.fetch(`${baseURL}/chat/completions`, post(TEXT, { headers: { ...headers, authorization: "Bearer -" } }));
    assert.ok(whole instanceof Response);
    assert.equal((await whole.json()).choices[0].message.role, "assistant");
    const stream = await hf.fetch(new Request(`${baseURL}/chat/completions`, post(STREAM)));
    const { text, error } = await read(stream.body);
    assert.ok(error === undefined && text.endsWith("data: [DONE]\n\n"), text);
    const models = await hf.fetch(new URL(`${baseURL}/models`));
    assert.ok((await models.json()).data.length > 0);
    const { headers: sent, bodies } = await closed();
    assert.deepEqual(sent.map(({ authorization }) => authorization), Array(3).fill("Bearer hf_scenario"));
    assert.deepEqual(bodies.slice(0, 2), [JSON.parse(TEXT), JSON.parse(STREAM)]);
    assert.deepEqual(settlements.map(({ kind, outcome }) => [kind, outcome]), [["chat", "ok"], ["chat", "ok"]]);
  }),
  scenario("fetch: a stream that is cut fails its body with the typed error", async ({ client, baseURL, script, closed, hfetch, assert }) => {
    const settlements = [];
    await script({ sse: [CHUNK], cut: "end", cutAfter: CHUNK.length });
    const answer = await client({ onSettled: (one) => settlements.push(one) }).fetch(`${baseURL}/chat/completions`, post(STREAM));
    const { text, error } = await read(answer.body);
    assert.equal(text, CHUNK);
    assert.ok(error instanceof hfetch.StreamTruncatedError, String(error));
    assert.equal((await closed()).requests, 1);
    assert.deepEqual(settlements.map(({ outcome }) => outcome), ["truncated"]);
  }),
  scenario("fetch: cancelling the body and aborting the signal close the socket and settle", async ({ client, baseURL, script, closed, assert }) => {
    const settlements = [];
    const hf = client({ onSettled: (one) => settlements.push(one) });
    await script({ sse: [CHUNK], stallAfter: CHUNK.length, times: 2 });
    const one = (await hf.fetch(`${baseURL}/chat/completions`, post(STREAM))).body.getReader();
    await one.read();
    await one.cancel();
    const controller = new AbortController();
    const other = (await hf.fetch(`${baseURL}/chat/completions`, post(STREAM, { signal: controller.signal }))).body.getReader();
    await other.read();
    controller.abort();
    assert.equal((await rejection(other.read())).name, "AbortError");
    assert.equal((await closed()).requests, 2);
    assert.deepEqual(settlements.map(({ outcome }) => outcome), ["aborted", "aborted"]);
  }),
  scenario("fetch: refusals are 429s in OpenAI's shape, and failures the server's own answer, marked as final", async ({ client, baseURL, script, closed, assert }) => {
    const hf = client({ limits: { requestsPerMinute: 1, onLimit: "error" }, retry: { maxAttempts: 2, baseDelay: 1 } });
    await script({ status: 503, text: '{"error":"busy"}', contentType: "application/json", times: 2 });
    const failed = await hf.fetch(`${baseURL}/chat/completions`, post(TEXT));
    assert.deepEqual([failed.status, await failed.text(), failed.headers.get("x-should-retry")], [503, '{"error":"busy"}', "false"]);
    const refused = await hf.fetch(`${baseURL}/chat/completions`, post(TEXT));
    assert.deepEqual([refused.status, (await refused.json()).error.code, refused.headers.get("x-should-retry")], [429, "limit_exceeded", "false"]);
    assert.ok(Number(refused.headers.get("retry-after")) > 0);
    assert.equal((await closed()).requests, 1);
  }),
  scenario("fetch: no key leaves the base URL, by no path and no redirect", async ({ client, baseURL, script, closed, inPage, assert }) => {
    const hf = client();
    const ask = (url, init) => hf.fetch(url, init).then(async (answer) => (await answer.text(), answer.status), (error) => error.name);
    for (const way of ["/../v2/models", "/%2e%2e/v2/models", "/..%2fv2/models", "x/models"]) await ask(baseURL + way);
    await script({ status: 307, headers: { location: "../elsewhere" } });
    const end = await ask(`${baseURL}/models`);
    assert.equal(end, inPage ? "TypeError" : 307);
    const { headers: sent, paths } = await closed();
    assert.equal(paths.length, 1, "the script began anew its counters");
    assert.equal(sent[0].authorization, "Bearer hf_scenario");
    await script();
    for (const way of ["/../v2/models", "/%2e%2e/v2/models", "/..%2fv2/models", "x/models"]) await ask(baseURL + way);
    const unkeyed = await closed();
    assert.deepEqual(unkeyed.headers.map(({ authorization }) => authorization), Array(unkeyed.headers.length).fill(undefined));
  }),
  scenario("withOptions: the same client with other defaults for each call", async ({ client, baseURL, closed, assert }) => {
    const settlements = [];
    const hf = client({ onSettled: (one) => settlements.push(one) });
    const alices = hf.withOptions({ metadata: "alice" });
    await alices.chat.completions.create({ messages: PROMPT });
    await (await alices.withOptions({ metadata: "bob" }).fetch(`${baseURL}/chat/completions`, post(TEXT))).json();
    await closed();
    assert.deepEqual(settlements.map(({ metadata }) => metadata), ["alice", "bob"]);
    const counted = ({ keys, ...rest }) => ({ ...rest, keys: keys.map(({ readyAt: _, ...key }) => key) });
    assert.deepEqual(counted(hf.snapshot()), counted(alices.snapshot()));
  }),
];
