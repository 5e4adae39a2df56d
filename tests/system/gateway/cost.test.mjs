// The caller is told what a call cost, if the operator wants that, and no other byte changes.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { KEY, MESSAGES, MODEL, pkg, random, startGateway } from "./setting/running.mjs";

const load = (name) => import(pathToFileURL(join(pkg, "dist", name)).href);
const [{ HuggingFace }, { gateway }] = [await load("index.js"), await load("gateway.js")];

const PRICING = { inputPerMillion: 1, outputPerMillion: 2 };
const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const USD = 9e-6; // the cost of USAGE at PRICING
const FIXTURES = new URL("../../fixtures/", import.meta.url);
const chunk = (choices, more) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices, ...more });
const says = (content, finish_reason = null) => chunk([{ index: 0, delta: { content }, finish_reason }]);
const REPORT = chunk([], { usage: USAGE });
const data = (...frames) => frames.map((frame) => `data: ${typeof frame === "string" ? frame : JSON.stringify(frame)}\n\n`).join("");
const COMMENT = ': hfetch {"cost":{"usd":0.000009,"source":"configured"}}\n\n';
const costOf = (response) => ["usd", "source"].map((part) => response.headers.get(`x-hfetch-cost-${part}`));

/** A body of these pieces, texts or bytes; an error among them ends it. */
function bodyOf([...pieces]) {
  const pull = (body) => {
    const piece = pieces.shift();
    if (piece === undefined) body.close();
    else if (piece instanceof Error) body.error(piece);
    else body.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

/** Asks a gateway in this process whose model's server answers with `body`: a text, or the pieces of a stream. */
async function asked(body, request = {}, options = {}, { path = "/v1/chat/completions", headers = {}, type = typeof body === "string" ? "application/json" : "text/event-stream" } = {}) {
  const pieces = typeof body === "string" ? [body] : body;
  const fetch = async () => new Response(bodyOf(pieces), { headers: { "content-type": type } });
  const handler = gateway({ apiKeys: ["hf_key_of_the_operator"], baseURL: "https://models.example/v1", clientKeys: [KEY], tellCost: true, pricing: PRICING, fetch, ...options });
  const given = path.endsWith("/embeddings") ? { input: ["one"] } : path.endsWith("/responses") ? { input: "Hello" } : path.endsWith("/chat/completions") ? { messages: MESSAGES } : { prompt: "Hello" };
  const log = console.log;
  console.log = () => {};
  try {
    const response = await handler.fetch(new Request(`https://gw.example${path}`, { method: "POST", headers: { authorization: `Bearer ${KEY}`, ...headers }, body: JSON.stringify({ model: MODEL, ...given, ...request }) }), {}, {});
    return { response, text: Buffer.from(await response.arrayBuffer()).toString("latin1") };
  } finally {
    console.log = log;
  }
}

const STREAM = { stream: true, stream_options: { include_usage: true } };
const whole = (usage, more = {}) => JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", content: "Rhine" }, finish_reason: "stop" }], usage, ...more });

test("a whole answer tells it in headers and as the last member of its usage", async () => {
  const { response, text } = await asked(whole(USAGE));
  assert.deepEqual(costOf(response), ["0.000009", "configured"]);
  assert.equal(text, whole(USAGE).replace('"total_tokens":7', '"total_tokens":7,"cost":0.000009'));
});

test("without the option nothing is told, and every byte is the server's", async () => {
  for (const options of [{ tellCost: undefined }, { tellCost: false }]) {
    const { response, text } = await asked(whole(USAGE), {}, options);
    assert.deepEqual([costOf(response), text], [[null, null], whole(USAGE)]);
    const events = data(says("Rhine"), says("", "stop"), REPORT, "[DONE]");
    assert.equal((await asked([events], STREAM, options)).text, events);
    const page = { headers: { origin: "https://app.example" } };
    const shared = await asked(whole(USAGE), {}, { ...options, origins: ["*"] }, page);
    assert.match(shared.response.headers.get("access-control-expose-headers"), /X-Request-Id/);
    assert.doesNotMatch(shared.response.headers.get("access-control-expose-headers"), /cost/i);
  }
});

test("the usage is found wherever it stands, and all else is left as it is", async () => {
  const choices = JSON.stringify([{ index: 0, message: { role: "assistant", content: 'a "usage":{"x":1} } { \\" é' }, finish_reason: "stop" }]);
  const counts = '"prompt_tokens":5,"completion_tokens":2,"total_tokens":7';
  const table = [
    [`{"usage":{${counts}},"choices":${choices}}`, `{"usage":{${counts},"cost":0.000009},"choices":${choices}}`],
    [`{\n  "choices": ${choices},\n  "usage": {\n    ${counts}\n  }\n}\n`, `{\n  "choices": ${choices},\n  "usage": {\n    ${counts}\n  ,"cost":0.000009}\n}\n`],
    [`{"choices":${choices},"x":{"usage":{}},"usage":{${counts},"details":{"cost":7,"a":[{}]}}}`, `{"choices":${choices},"x":{"usage":{}},"usage":{${counts},"details":{"cost":7,"a":[{}]},"cost":0.000009}}`],
    [`{"choices":${choices},"usage":{"cost": null ,${counts}}}`, `{"choices":${choices},"usage":{"cost": 0.000009 ,${counts}}}`],
    [`{"choices":${choices},"usage":null}`, `{"choices":${choices},"usage":null}`],
    [`{"choices":${choices},"usage":[{}]}`, `{"choices":${choices},"usage":[{}]}`],
    [`{"choices":${choices}}`, `{"choices":${choices}}`],
    // Names may be written with escapes.
    [`{"choices":${choices},"us\\u0061ge":{"c\\u006fst":null,${counts}}}`, `{"choices":${choices},"us\\u0061ge":{"c\\u006fst":0.000009,${counts}}}`],
    [`{"choices":${choices},"usage":{"\\u0063ost":"free",${counts}}}`, `{"choices":${choices},"usage":{"\\u0063ost":"free",${counts}}}`],
  ];
  for (const [body, expected] of table) {
    const { text } = await asked(body);
    assert.equal(Buffer.from(text, "latin1").toString(), expected);
    assert.ok(JSON.parse(expected));
  }
  const { text } = await asked(`{"choices":${choices},"usage":{}}`);
  assert.match(Buffer.from(text, "latin1").toString(), /"usage":\{"cost":\d\.\d+\}\}$/, "of estimated counts");
});

test("what the server tells itself stays, and is what the headers tell", async () => {
  const { response, text } = await asked(whole({ ...USAGE, cost: 0.25 }));
  assert.deepEqual(costOf(response), ["0.25", "reported"]);
  assert.equal(text, whole({ ...USAGE, cost: 0.25 }));
  const events = data(says("Rhine"), says("", "stop"), chunk([], { usage: { ...USAGE, cost: 0.25 } }), "[DONE]");
  const streamed = (await asked([events], STREAM)).text;
  assert.equal(streamed.replace(': hfetch {"cost":{"usd":0.25,"source":"reported"}}\n\n', ""), events);
  assert.notEqual(streamed, events);
});

test("a price that nobody knows is told as unknown", async () => {
  const options = { pricing: { "another/model": PRICING } };
  const { response, text } = await asked(whole(USAGE), {}, options);
  assert.deepEqual([costOf(response), text], [[null, "unknown"], whole(USAGE)]);
  const events = data(says("Rhine"), says("", "stop"), REPORT, "[DONE]");
  assert.equal((await asked([events], STREAM, options)).text, data(says("Rhine"), says("", "stop")) + ': hfetch {"cost":{"usd":null,"source":"unknown"}}\n\n' + data(REPORT, "[DONE]"));
});

test("a stream tells it in its last usage, where that was asked for, and in a comment before its end", async () => {
  const before = data(says("Rhine"), says("", "stop"));
  const events = before + data(REPORT, "[DONE]");
  const priced = data(chunk([], { usage: { ...USAGE, cost: USD } }));
  assert.equal((await asked([events], STREAM)).text, before + COMMENT + priced + data("[DONE]"));
  assert.equal((await asked([events], { stream: true })).text, before + COMMENT + data("[DONE]"));
  // The server ends without [DONE], or reports its usage with the last choice.
  assert.equal((await asked([before + data(REPORT)], STREAM)).text, before + COMMENT + priced);
  const last = (usage) => chunk([{ index: 0, delta: {}, finish_reason: "stop" }], { usage });
  assert.equal((await asked([data(says("Rhine"), last(USAGE), "[DONE]")], STREAM)).text, data(says("Rhine")) + COMMENT + data(last({ ...USAGE, cost: USD }), "[DONE]"));
  // Counts in every chunk: the text isn't held back for them, and the last ones get the price.
  const counted = (content, finish_reason) => chunk([{ index: 0, delta: { content }, finish_reason }], { usage: USAGE });
  const { text } = await asked([data(counted("Rhi", null), counted("ne", null), counted("", "stop"), REPORT, "[DONE]")], STREAM);
  assert.equal(text, data(counted("Rhi", null), counted("ne", null)) + COMMENT + data(counted("", "stop")) + priced + data("[DONE]"));
});

test("an event is read by its data alone, in however many lines that comes", async () => {
  const [before, end] = [data(says("Rhine", "stop")), data("[DONE]")];
  const lines = (close) => `data: {"id":"c","choices":[],\r\n: "} aside {\r\nid: "7\r\ndata:"usage"\r\ndata: :{"prompt_tokens":5,\r\ndata:"completion_tokens":2,"total_tokens":7${close}}}\r\n\r\n`;
  assert.equal((await asked([before + lines("") + end], STREAM)).text, before + COMMENT + lines(',"cost":0.000009') + end);
  const alone = (more) => `data: ${JSON.stringify(says("", "stop")).slice(0, -1)},"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7${more}}}\n\n`;
  // A byte order mark counts only at the beginning.
  for (const rest of [end, ""]) assert.equal(Buffer.from((await asked([`\ufeff${alone("")}${rest}`], STREAM)).text, "latin1").toString(), `\ufeff${COMMENT}${alone(',"cost":0.000009')}${rest}`);
});

test("of two choices the first end holds nothing of the second back", async () => {
  const choice = (index, content, finish_reason = null, more) => chunk([{ index, delta: { content }, finish_reason }], more);
  const first = data(choice(0, "Rhine"), choice(0, "", "stop", { usage: USAGE }), choice(1, "Rhône"));
  const { text } = await asked([first, data(choice(1, "", "stop", { usage: USAGE }), "[DONE]")], { ...STREAM, n: 2 });
  const end = data(choice(1, "", "stop", { usage: { ...USAGE, cost: USD } }), "[DONE]");
  assert.equal(text, Buffer.from(first).toString("latin1") + COMMENT + end);
});

test("a server that says of every chunk that it is the last one, with counts, holds nothing back but that", async () => {
  const counted = (content) => data(chunk([{ index: 0, delta: { content }, finish_reason: "null" }], { usage: USAGE }));
  const last = data(chunk([{ index: 0, delta: { content: "." }, finish_reason: "null" }], { usage: { ...USAGE, cost: USD } }));
  for (const body of [[counted("Rhi"), counted("ne"), counted("."), data("[DONE]")], [counted("Rhi") + counted("ne") + counted(".") + data("[DONE]")]]) {
    assert.equal((await asked(body, STREAM)).text, counted("Rhi") + counted("ne") + COMMENT + last + data("[DONE]"));
  }
});

test("what a server sends behind its usage stays in order", async () => {
  const before = data(says("Rhine"), says("", "stop"));
  const priced = data(chunk([], { usage: { ...USAGE, cost: USD } }));
  const comments = Array.from({ length: 500 }, (_, at) => `: ${at}\n\n`);
  const { text } = await asked([before, data(REPORT), ...comments, data("[DONE]")], STREAM);
  assert.equal(text, before + COMMENT + priced + comments.join("") + data("[DONE]"));
  // Text follows, so the end has not come.
  const more = [data(says("Rhi"), REPORT), ": alive\n\n", data(says("ne")), ": alive\n\n", data(says("", "stop"), REPORT, "[DONE]")];
  assert.equal((await asked(more, STREAM)).text, more.slice(0, 4).join("") + data(says("", "stop")) + COMMENT + priced + data("[DONE]"));
});

test("however a stream's bytes are cut into pieces, the same comes out", async () => {
  const next = random(25);
  for (const end of ["\n\n", "\r\n\r\n", "\r\r"]) {
    const events = [says("Zoë"), says("日本", "stop"), REPORT, "[DONE]"].map((frame) => `data: ${typeof frame === "string" ? frame : JSON.stringify(frame)}${end}`).join("");
    // Nobody waits for what follows [DONE], such as half of its line end.
    const expected = Buffer.from(events).toString("latin1").replace(/(?<=\[DONE\])[\r\n]+$/, "");
    for (let round = 0; round < 40; round++) {
      const bytes = Buffer.from(events);
      const pieces = [];
      for (let at = 0, size; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + (size = 1 + Math.floor(next() * (round + 1) * 4))));
      const { text } = await asked(pieces, STREAM);
      const [plain, told] = [text.replace(COMMENT, "").replace(',"cost":0.000009', ""), text.includes(COMMENT) && text.includes(',"cost":0.000009')];
      assert.deepEqual([plain.replace(/(?<=\[DONE\])[\r\n]+$/, ""), told], [expected, true], `${round}`);
    }
  }
});

test("a stream that fails tells no cost, and what was held of it is handed on", async () => {
  const events = data(says("Rhine"));
  const early = data(chunk([], { usage: USAGE }));
  for (const body of [[events], [events, new TypeError("terminated")], [events + data({ error: { message: "overloaded" } })], [events + early, new TypeError("terminated")], [events + early]]) {
    const { text } = await asked(body, STREAM);
    assert.ok(text.startsWith(body.join("").includes("7}") ? events + early : events), text);
    assert.match(text, /"error"/);
    assert.doesNotMatch(text, /cost|hfetch \{/);
  }
});

test("a body that is no stream although one was asked for is handed on as it came", async () => {
  for (const type of ["application/json", "text/event-stream"]) assert.equal((await asked([whole(USAGE)], STREAM, {}, { type })).text, whole(USAGE));
});

test("every recording is the same but for what tells the cost", async () => {
  const names = (await readdir(FIXTURES)).filter((name) => name.endsWith(".sse"));
  let told = 0;
  for (const name of names) {
    const bytes = await readFile(new URL(name, FIXTURES));
    const [plain, priced] = [await asked([bytes], STREAM, { tellCost: false }), await asked([bytes], STREAM)];
    const without = priced.text.replace(/: hfetch \{"cost":\{.*?\}\}\n\n/, "").replace(/,"cost":[\d.e-]+\}/, "}");
    assert.equal(without, plain.text.replace(/,"cost":[\d.e-]+\}/, "}"), name);
    told += without === priced.text ? 0 : 1;
  }
  assert.ok(told > 30, String(told));
});

test("embeddings, text completions and responses tell it too", async () => {
  const embedded = JSON.stringify({ object: "list", data: [{ object: "embedding", index: 0, embedding: [0.1, 2e-7] }], model: "m", usage: { prompt_tokens: 5, total_tokens: 5 } });
  const list = await asked(embedded, {}, {}, { path: "/v1/embeddings" });
  assert.deepEqual([costOf(list.response), list.text], [["0.000005", "configured"], embedded.replace('"total_tokens":5', '"total_tokens":5,"cost":0.000005')]);
  const completion = JSON.stringify({ id: "c", object: "text_completion", created: 1, model: "m", choices: [{ index: 0, text: "Rhine", finish_reason: "stop" }], usage: USAGE });
  const text = await asked(completion, {}, {}, { path: "/v1/completions" });
  assert.deepEqual([costOf(text.response)[0], JSON.parse(text.text).usage.cost], ["0.000009", USD]);
  const usage = { input_tokens: 5, output_tokens: 2, total_tokens: 7 };
  const response = { id: "r", object: "response", status: "completed", model: "m", output: [{ type: "message", content: [{ type: "output_text", text: "Rhine" }] }], usage };
  const made = await asked(JSON.stringify(response), {}, {}, { path: "/v1/responses" });
  assert.deepEqual([costOf(made.response)[0], JSON.parse(made.text).usage.cost], ["0.000009", USD]);
  const event = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
  const begun = event({ type: "response.created", sequence_number: 0, response: { ...response, status: "in_progress", usage: null } }) + event({ type: "response.output_text.delta", sequence_number: 1, delta: "Rhine" });
  const completed = (given) => event({ type: "response.completed", sequence_number: 2, response: { ...response, usage: given } });
  const streamed = await asked([begun + completed(usage)], { stream: true }, {}, { path: "/v1/responses" });
  assert.equal(streamed.text, begun + COMMENT + completed({ ...usage, cost: USD }));
});

test("refusals tell nothing", async () => {
  const { response, text } = await asked("{}", { messages: undefined, model: undefined });
  assert.equal(response.status, 400);
  assert.deepEqual(costOf(response), [null, null]);
  assert.doesNotMatch(text, /cost/);
});

test("in workerd a page's client has the gateway's figure as what its server reports", async () => {
  const told = await startGateway({ env: { GATEWAY_TELL_COST: "true", GATEWAY_PRICING: JSON.stringify(PRICING), GATEWAY_ORIGINS: "https://app.example" } });
  const hf = new HuggingFace({ baseURL: `${told.url}/v1`, apiKey: KEY, model: MODEL });
  const spent = async (pending) => {
    const { usage, cost } = await pending.settled;
    const usd = (usage.prompt_tokens + 2 * usage.completion_tokens) / 1e6;
    assert.ok(cost.source === "reported" && cost.usd > 0 && Math.abs(cost.usd - usd) < 1e-12, JSON.stringify(cost));
  };
  const answer = hf.chat.completions.create({ messages: MESSAGES });
  await answer;
  await spent(answer);
  const stream = await hf.chat.completions.create({ messages: MESSAGES, stream: true });
  assert.match((await stream.final()).choices[0].message.content, /You said/);
  await spent(stream);
  const vectors = hf.embeddings.create({ model: "BAAI/bge-m3", input: ["one", "two"] });
  await vectors;
  await spent(vectors);
  const page = await told.post({ model: MODEL, messages: MESSAGES }, { headers: { origin: "https://app.example" } });
  assert.match(page.headers.get("access-control-expose-headers"), /X-Hfetch-Cost-Usd, X-Hfetch-Cost-Source/);
  assert.equal(page.headers.get("x-hfetch-cost-source"), "configured");
  const line = await told.logged(({ kind }) => kind === "chat", 3);
  assert.equal(Number(page.headers.get("x-hfetch-cost-usd")), line.at(-1).usd);
});

test("in workerd an answer whose head went out early has it in its body", async () => {
  const told = await startGateway({ env: { GATEWAY_TELL_COST: "1", GATEWAY_PRICING: JSON.stringify(PRICING), GATEWAY_EARLY_HEAD: "1" }, steps: [{ delayMs: 100, times: 2 }] });
  const late = await told.post({ model: MODEL, messages: MESSAGES });
  assert.deepEqual(costOf(late), [null, null]);
  assert.ok((await late.json()).usage.cost > 0);
  const streamed = await (await told.post({ model: MODEL, messages: MESSAGES, ...STREAM })).text();
  assert.match(streamed, /\n: hfetch \{"cost":\{"usd":[\d.e-]+,"source":"configured"\}\}\n\ndata: .*"cost":[\d.e-]+\}.*\n\ndata: \[DONE\]\n\n$/);
});

test("in workerd a list that comes late is JSON, and tells its cost, though its request asks for a stream", async () => {
  const told = await startGateway({ env: { GATEWAY_TELL_COST: "1", GATEWAY_PRICING: JSON.stringify(PRICING), GATEWAY_EARLY_HEAD: "1" }, steps: [{ delayMs: 100, times: 2 }] });
  for (const [path, body] of [["/v1/embeddings", { input: ["one"] }], ["/v1/rerank", { query: "q", documents: ["a", "b"] }]]) {
    const late = await told.post({ model: "BAAI/bge-m3", stream: true, ...body }, { path });
    assert.match(late.headers.get("content-type"), /^application\/json/);
    assert.ok((await late.json()).usage.cost > 0, path);
  }
});

test("in workerd prices are the catalogue's where none are given", async () => {
  const told = await startGateway({ env: { GATEWAY_TELL_COST: "true" } });
  const answer = await told.post({ model: MODEL, messages: MESSAGES });
  assert.equal(answer.headers.get("x-hfetch-cost-source"), "live");
  assert.ok(Number(answer.headers.get("x-hfetch-cost-usd")) > 0);
});
