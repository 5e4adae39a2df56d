// The cost that callers may cause through a gateway in workerd: prompts wherever they are, answers whose end nobody sees, maxima however they are spelled.
import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { once } from "node:events";
import { after, test } from "node:test";
import { KEY, MODEL, startGateway } from "./setting/running.mjs";

const MESSAGES = [{ role: "user", content: "Name three rivers." }];
const FOX = "the quick brown fox jumps over the lazy dog ";
const CHARACTERS = 5; // of such words per token, by the tokenizers of tests/token

/** A model's server that counts every string it gets, and streams `words` tokens; `usage` turns its counts into what it reports in a last chunk. */
async function startModel({ words = 20, usage = (counts) => counts, first } = {}) {
  const model = { requests: 0, tokens: 0, bodies: [] };
  const server = createServer(async (asked, answer) => {
    const parts = [];
    for await (const part of asked) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString());
    model.bodies.push(body);
    model.requests += 1;
    const prompt = Math.round(lettersOf(body) / CHARACTERS);
    model.tokens += prompt;
    const count = Math.min(words, body.max_tokens ?? words) * (body.n ?? 1);
    const chunk = (more) => answer.write(`data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: MODEL, choices: [], ...more })}\n\n`);
    const says = (delta, finish_reason = null) => chunk({ choices: [{ index: 0, delta, finish_reason }] });
    answer.writeHead(200, { "content-type": "text/event-stream" });
    if (first) chunk({ usage: first });
    for (let at = 0; at < count && !answer.destroyed; at++) {
      model.tokens += 1;
      says({ content: "word " });
      if (at % 8 === 0) await new Promise(setImmediate);
    }
    if (answer.destroyed) return;
    says({}, "stop");
    chunk({ usage: usage({ prompt_tokens: prompt, completion_tokens: count, total_tokens: prompt + count }) });
    answer.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => (server.closeAllConnections(), server.close()));
  return Object.assign(model, { url: `http://127.0.0.1:${server.address().port}/v1` });
}

function lettersOf(value) {
  if (typeof value === "string") return value.length;
  if (value === null || typeof value !== "object") return 0;
  return Object.entries(value).reduce((sum, [key, inner]) => sum + (Array.isArray(value) ? 0 : key.length) + lettersOf(inner), 0);
}

/** A stream's status; a caller who `leaves` does so at the first bytes. */
function call(url, body, leaves = false) {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    const sent = request(`${url}/v1/chat/completions`, { method: "POST", agent: false, headers });
    sent.on("response", (response) => {
      response.on("end", () => resolve(response.statusCode)).on("error", () => resolve(response.statusCode));
      response.on("data", () => leaves && response.statusCode === 200 && (sent.destroy(), resolve(response.statusCode)));
    });
    sent.on("error", () => resolve(0)).end(JSON.stringify({ model: MODEL, stream: true, ...body }));
  });
}

const PLACES = {
  content: (text) => ({ messages: [{ role: "user", content: text }] }),
  role: (text) => ({ messages: [{ role: text, content: "x" }] }),
  reasoning: (text) => ({ messages: [{ role: "assistant", content: "x", reasoning_content: text }] }),
  "a message's unknown member": (text) => ({ messages: [{ role: "user", content: "x", nobody_knows_me: [text] }] }),
  "an unknown part": (text) => ({ messages: [{ role: "user", content: [{ type: "new", words: text }] }] }),
  "a picture's caption": (text) => ({ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x", detail: text } }] }] }),
  functions: (text) => ({ messages: MESSAGES, functions: [{ name: "f", description: text, parameters: {} }] }),
  "a schema's key": (text) => ({ messages: MESSAGES, tools: [{ type: "function", function: { name: "f", parameters: { properties: { [text]: {} } } } }] }),
  response_format: (text) => ({ messages: MESSAGES, response_format: { type: "json_schema", json_schema: { name: "x", schema: { description: text } } } }),
  documents: (text) => ({ messages: MESSAGES, documents: [{ text }] }),
  chat_template: (text) => ({ messages: MESSAGES, chat_template_kwargs: { deep: { deeper: text } } }),
  "an unknown member": (text) => ({ messages: MESSAGES, nobody_knows_me: text }),
  "extra_body": (text) => ({ messages: MESSAGES, extra_body: { system: text } }),
};

test("no place of a body takes a prompt past the limit of tokens", async () => {
  const model = await startModel();
  const gateway = await startGateway({ env: { HF_BASE_URL: model.url, GATEWAY_CLIENT_TOKENS_PER_MINUTE: "2000", GATEWAY_MAX_TOKENS: "10" } });
  for (const [place, body] of Object.entries(PLACES)) assert.equal(await call(gateway.url, body(FOX.repeat(300))), 400, place);
  assert.equal(model.requests, 0);
});

test("1,000 calls at once with prompts in every member spend what the budget allows and no more", async (t) => {
  const model = await startModel({ words: 60 });
  const budget = 0.2; // dollars, at one dollar per million tokens: about 100 of the calls
  const gateway = await startGateway({
    isolates: 3,
    env: { HF_BASE_URL: model.url, GATEWAY_BUDGET_USD: String(budget), GATEWAY_PRICING: '{"inputPerMillion":1,"outputPerMillion":1}' },
  });
  const places = Object.values(PLACES);
  const statuses = await Promise.all(Array.from({ length: 1_000 }, (_, at) => call(gateway.urls[at % 3], { ...places[at % places.length](FOX.repeat(200)), max_tokens: 60 }, at % 2 === 0)));
  const granted = statuses.filter((status) => status === 200).length;
  const spent = model.tokens / 1e6;
  t.diagnostic(`1,000 calls at once: ${granted} were sent, ${spent.toFixed(4)} of ${budget} dollars were spent`);
  assert.ok(granted > 50 && granted < 130, `${granted} were sent`);
  assert.equal(statuses.filter((status) => status === 429).length, 1_000 - granted);
  assert.ok(spent <= budget * 1.02, `${spent} of ${budget} dollars`);
});

test("a first count of nothing hides no answer, and a count that can't be right closes no budget", async () => {
  const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const hiding = await startModel({ words: 100_000, first: zero });
  const hidden = await startGateway({ env: { HF_BASE_URL: hiding.url } });
  await call(hidden.url, { messages: MESSAGES }, true);
  const [left] = await hidden.logged(({ event, outcome }) => event === "request" && outcome === "aborted");
  assert.ok(left.promptTokens >= 5 && left.completionTokens > 0, JSON.stringify(left));
  assert.equal(left.usageSource, "estimated");
  for (const [told, doubt] of [
    [{ prompt_tokens: 5, completion_tokens: 1e12 }, "completion_tokens"], [{ prompt_tokens: -5, completion_tokens: 20 }, "prompt_tokens"],
    [{ prompt_tokens: "many", completion_tokens: 20 }, "prompt_tokens"], [{ prompt_tokens: 5, completion_tokens: 20, total_tokens: 1e15 }, "total_tokens"],
  ]) {
    const model = await startModel({ usage: () => told });
    const env = { HF_BASE_URL: model.url, GATEWAY_BUDGET_USD: "0.01", GATEWAY_PRICING: '{"inputPerMillion":1,"outputPerMillion":1}' };
    const gateway = await startGateway({ env });
    assert.deepEqual([await call(gateway.url, { messages: MESSAGES }), await call(gateway.url, { messages: MESSAGES })], [200, 200]);
    const lines = await gateway.logged(({ event }) => event === "request", 2);
    for (const line of lines) assert.deepEqual([line.usageSource, line.doubt, line.completionTokens <= 60], ["estimated", doubt, true], JSON.stringify(line));
  }
});

test("who hangs up on whole answers spends what the budget allows and no more", async () => {
  let requests = 0;
  let heard;
  const silent = createServer((asked) => asked.resume().on("end", () => ((requests += 1), heard())));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  after(() => (silent.closeAllConnections(), silent.close()));
  const env = { HF_BASE_URL: `http://127.0.0.1:${silent.address().port}/v1`, GATEWAY_EARLY_HEAD: "100", GATEWAY_BUDGET_USD: "0.0035", GATEWAY_PRICING: '{"inputPerMillion":0,"outputPerMillion":1}' };
  const gateway = await startGateway({ isolates: 2, env });
  for (let at = 0; at < 5; at++) {
    const leaving = new AbortController();
    heard = () => leaving.abort();
    const asked = fetch(`${gateway.urls[at % 2]}/v1/chat/completions`, { method: "POST", signal: leaving.signal, headers: { authorization: `Bearer ${KEY}` }, body: JSON.stringify({ model: MODEL, messages: MESSAGES, max_tokens: 1_000 }) });
    const status = await asked.then((response) => response.status, () => "left");
    await gateway.logged(({ event }) => event === "request", at + 1);
    assert.equal(status, at < 3 ? "left" : 429);
  }
  assert.equal(requests, 3);
});

test("a cap holds for every spelling, and a budget sends down what it holds", async () => {
  const model = await startModel();
  const gateway = await startGateway({ env: { HF_BASE_URL: model.url, GATEWAY_MAX_TOKENS: "10", GATEWAY_MAX_N: "1" } });
  const refuse = async (given, param) => {
    const text = typeof given === "string" ? given : JSON.stringify({ model: MODEL, messages: MESSAGES, ...given });
    const response = await gateway.post(text);
    const { error } = await response.json();
    assert.deepEqual([response.status, error.param], [400, param], text);
  };
  for (const name of ["max_tokens", "Max_Tokens", "maxTokens", "max_completion_tokens", "max_new_tokens", "max_output_tokens", "num_predict", "n_predict", "n", "N", "best_of", "num_return_sequences"]) {
    for (const value of [11, -1, 1e9]) await refuse({ [name]: value }, name);
  }
  await refuse({ extra_body: { max_tokens: 11 } }, "extra_body.max_tokens");
  await refuse({ options: { num_predict: 11 } }, "options.num_predict");
  await refuse({ parameters: { max_new_tokens: 11 } }, "parameters.max_new_tokens");
  const start = `{"model":"${MODEL}","messages":${JSON.stringify(MESSAGES)}`;
  await refuse(`${start},"max_tokens":11,"max_tokens":5}`, "max_tokens");
  await refuse(`${start},"max_new_tokens":11,"max_new_tokens":5}`, "max_new_tokens");
  await refuse(`${start},"extra_body":{"max\\u005ftokens":11},"extra_body":{}}`, "extra_body.max_tokens");
  assert.equal(model.requests, 0);

  const spends = await startGateway({ env: { HF_BASE_URL: model.url, GATEWAY_BUDGET_USD: "1", GATEWAY_PRICING: '{"inputPerMillion":1,"outputPerMillion":1}' } });
  for (const [given, sent] of [[{}, 4096], [{ max_tokens: null }, 4096], [{ max_tokens: -1 }, 4096], [{ max_completion_tokens: 7 }, 7], [{ max_completion_tokens: -1 }, 4096], [{ max_new_tokens: 7 }, 4096]]) {
    assert.equal(await call(spends.url, { messages: MESSAGES, ...given }), 200);
    assert.equal(model.bodies.at(-1).max_tokens, sent, JSON.stringify(given));
  }
  for (const given of [{ max_tokens: 0 }, { max_tokens: "unlimited" }, { options: { num_predict: -1 } }, { best_of: "all" }]) assert.equal(await call(spends.url, { messages: MESSAGES, ...given }), 400, JSON.stringify(given));
});
