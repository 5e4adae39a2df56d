// An answer counts as complete only if it is: each reader of a stream, its settlement and a gateway's log agree on each end.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { MODEL, PROMPT, drain, failure, hfetch } from "./setting/installed.mjs";

const folder = process.env.HFETCH_PACKAGE;
const { gateway } = await import(folder ? pathToFileURL(createRequire(join(folder, "package.json")).resolve("hfetch/gateway")).href : "hfetch/gateway");

const frame = (value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const choice = (index, delta, more) => ({ index, delta, finish_reason: null, ...more });
const chunk = (...choices) => frame({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices });
const says = (content, index = 0) => chunk(choice(index, { content }));
const stops = (index = 0) => chunk(choice(index, {}, { finish_reason: "stop" }));
const USAGE = frame({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
const DONE = frame("[DONE]");
const PING = "event: ping\ndata: 2026-01-01 00:00:00\n\n";
const LOST = Symbol("the connection is lost");
const WORDS = "the server's own words";

const good = (name, pieces, text = "Hi") => ({ name, pieces, text, outcome: "ok", error: null });
const bad = (name, pieces, text = "", error = "StreamError", message = /./) => ({ name, pieces, text, outcome: error === "StreamTruncatedError" ? "truncated" : "error", error, message });
const cut = (name, pieces, text = "") => bad(name, pieces, text, "StreamTruncatedError");
const told = (name, frame, text = "Hi") => [bad(`${name}, after text`, [says("Hi"), frame, DONE], text, "StreamError", /own words/), bad(`${name}, first`, [frame, DONE], "", "StreamError", /own words/)];

const ENDS = [
  good("[DONE]", [says("Hi"), stops(), USAGE, DONE]),
  good("[DONE] without a finish_reason", [says("Hi"), DONE]),
  good("[DONE] with one of two choices unfinished", [says("Hi"), says("Ho", 1), stops(), DONE]),
  good("the end of the body behind each finish_reason", [says("Hi"), says("Ho", 1), stops(1), stops()]),
  good("a connection lost behind each finish_reason", [says("Hi"), stops(), LOST]),
  good("a choice in place of the list", [frame({ choices: choice(0, { content: "Hi" }) }), DONE]),
  good("a whole completion", [JSON.stringify({ id: "c", object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }] })]),
  good("pings and comments in data", [PING, "data: : OPENROUTER PROCESSING\n\n", says("H"), PING, says("i"), "data: : x\n\n", stops(), PING, DONE]),
  good("frames parted by one line feed", [says("H").trimEnd(), "\n", says("i").trimEnd(), "\n", stops().trimEnd(), "\ndata: [DONE]\n"]),
  good("a half of a character that stays one", [chunk(choice(0, { content: "Hi\ud83d" })), stops()], "Hi\ud83d"),
  good("a half that waits for a lost connection", [chunk(choice(0, { content: "Hi\ud83d" }, { finish_reason: "stop" })), LOST], "Hi\ud83d"),
  cut("the end of the body in the middle", [says("Hi")], "Hi"),
  cut("the end of the body with one of two choices unfinished", [says("Hi"), says("Ho", 1), stops(1)], "Hi"),
  cut("the end of the body behind usage alone", [USAGE]),
  cut("the end of the body behind an empty object", [frame({})]),
  cut("the end of the body behind choices: []", [frame({ choices: [] })]),
  good("a connection lost behind [DONE] without its line end", [says("Hi"), "data: [DONE]", LOST]),
  cut("a lost connection behind frames parted by one line feed", [says("H").trimEnd(), "\n", says("i").trimEnd(), "\n", "data: {\"cho", LOST], "Hi"),
  bad("a lost connection behind the server's own words", [says("Hi"), frame({ error: { message: WORDS } }).trimEnd(), LOST], "Hi", "StreamError", /own words/),
  cut("a lost connection in the middle", [says("Hi"), LOST], "Hi"),
  cut("a lost connection with one of two choices unfinished", [says("Hi"), says("Ho", 1), stops(1), LOST], "Hi"),
  cut("a lost connection behind half of a character", [chunk(choice(0, { content: "Hi\ud83d" })), LOST], "Hi\ud83d"),
  cut("an empty body", []),
  bad("[DONE] and nothing else", [DONE], "", "StreamError", /\[DONE\].*no answer/),
  bad("[DONE] behind a ping", [PING, DONE], "", "StreamError", /no answer/),
  bad("[DONE] behind usage", [USAGE, DONE], "", "StreamError", /no answer/),
  bad("[DONE] behind an empty object", [frame({}), DONE], "", "StreamError", /no answer/),
  bad("[DONE] behind words without a choice", [frame({ code: 500, msg: WORDS, success: false }), DONE], "", "StreamError", /own words/),
  ...told("an error frame", frame({ error: { message: WORDS } })),
  ...told("Cloudflare's errors", frame({ errors: [{ code: 1, message: WORDS }] })),
  ...told("FastChat's error_code", frame({ text: WORDS, error_code: 50001 })),
  ...told("MiniMax's base_resp", frame({ id: "x", choices: null, base_resp: { status_code: 1008, status_msg: WORDS } })),
  ...told("the field error", `error: {"code":400,"message":"${WORDS}"}\n\n`),
  ...told("the field error in plain words", `error: ${WORDS}\n\n`),
  ...told("an event error in plain words", `event: error\ndata: ${WORDS}\n\n`),
  ...told("a choice with an error", chunk(choice(0, { content: "" }, { finish_reason: "error", error: { code: 502, message: WORDS } }))),
  ...told("another choice with an error", chunk(choice(1, {}, { error: WORDS }))),
  bad("finish_reason error", [says("Hi"), chunk(choice(0, { content: "!" }, { finish_reason: "error" })), DONE], "Hi!"),
  bad("choices that are a number", [says("Hi"), frame({ choices: 7 }), DONE], "Hi"),
  bad("usage that is a text", [says("Hi"), stops(), frame({ choices: [], usage: "12 tokens" }), DONE], "Hi"),
  bad("a broken frame", [says("Hi"), "data: {\"choices\":[{\n\n", DONE], "Hi"),
];

const encoder = new TextEncoder();

/** A fetch that answers with these pieces, all together or one network chunk each. */
const answering = (pieces, whole) => async () => {
  const lost = pieces.includes(LOST);
  const texts = pieces.filter((piece) => piece !== LOST);
  const chunks = (whole ? [texts.join("")] : texts).filter(Boolean).map((text) => encoder.encode(text));
  const body = new ReadableStream({
    pull(controller) {
      if (chunks.length > 0) controller.enqueue(chunks.shift());
      else if (lost) controller.error(new TypeError("terminated"));
      else controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};

const BASE = "http://x.invalid/v1";
const textOf = (completion) => completion?.choices.find(({ index }) => index === 0)?.message.content ?? "";
const joined = (items) => items.map((item) => (typeof item === "string" ? item : item.choices?.[0]?.delta?.content ?? "")).join("");

/** Each reader returns { error, text }; the text is undefined for a reader that doesn't see it. */
const READERS = {
  async "for await"(stream) {
    const { items, error } = await drain(stream);
    const known = items.every(({ choices }) => Array.isArray(choices) && choices.every((one) => one?.index === 0 && one.delta));
    return { error, text: known ? joined(items) : undefined };
  },
  async "text()"(stream) {
    const { items, error } = await drain(stream.text());
    for (const [at, piece] of items.entries()) {
      assert.notEqual(piece, "");
      assert.ok(!/[\ud800-\udbff]$/.test(piece) || !/^[\udc00-\udfff]/.test(items[at + 1] ?? ""), JSON.stringify(items));
    }
    return { error, text: items.join("") };
  },
  async "next() at once"(stream) {
    const text = stream.text();
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => text.next()));
    const failed = results.filter(({ status }) => status === "rejected");
    assert.ok(failed.length <= 1);
    return { error: failed[0]?.reason ?? null, text: results.map(({ value }) => value?.value ?? "").join("") };
  },
  async "final()"(stream) {
    try {
      return { error: null, text: textOf(await stream.final()) };
    } catch (error) {
      return { error, text: textOf(error.partial) };
    }
  },
  async "toReadableStream()"(stream) {
    const { error } = await drain(stream.toReadableStream());
    return { error, text: undefined };
  },
};

for (const end of ENDS) {
  test(`${end.name}: ${end.error ?? "ok"}`, async () => {
    for (const whole of [false, true]) {
      for (const [name, read] of Object.entries(READERS)) {
        const where = `${name}${whole ? ", in one network chunk" : ""}`;
        const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: MODEL, retry: false, fetch: answering(end.pieces, whole) });
        const stream = await hf.chat.completions.create({ messages: PROMPT, stream: true });
        const { error, text } = await read(stream);
        const { outcome } = await stream.settled;
        assert.deepEqual([outcome, error?.name ?? null], [end.outcome, end.error], `${where}: ${error}`);
        if (text !== undefined && !(whole && end.pieces.includes(LOST))) assert.equal(text, end.text, where);
        if (error === null) continue;
        assert.match(error.message, end.message ?? /./, where);
        assert.ok(error instanceof hfetch.StreamError && error.status === 200, where);
        if (!whole) assert.equal(textOf(error.partial), end.text, where);
      }
    }
  });
}

test("a gateway's log and its caller hear of each end what the settlement says", async () => {
  const { log } = console;
  try {
    for (const end of ENDS) {
      for (const whole of [false, true]) {
        const lines = [];
        console.log = (line) => lines.push(JSON.parse(line));
        const service = gateway({ fetch: answering(end.pieces, whole) });
        const env = { HF_TOKEN: "hf_operator", HF_BASE_URL: BASE, GATEWAY_CLIENT_KEYS: "client-key" };
        const request = new Request("http://gateway.invalid/v1/chat/completions", {
          method: "POST", headers: { authorization: "Bearer client-key", "content-type": "application/json" },
          body: JSON.stringify({ model: MODEL, messages: PROMPT, stream: true }),
        });
        const waited = [];
        const answer = await service.fetch(request, env, { waitUntil: (work) => waited.push(work) });
        const text = await answer.text();
        await Promise.all(waited);
        const [{ outcome, status }] = lines.filter(({ event }) => event === "request");
        assert.deepEqual([status, outcome], [200, end.outcome], end.name);
        if (end.outcome === "ok") {
          assert.ok(!text.includes('data: {"error"'), end.name);
          continue;
        }
        // A broken frame speaks for itself. For every other failure the caller is told in OpenAI's words, before any [DONE].
        const failed = text.indexOf('data: {"error"');
        const done = text.indexOf("[DONE]");
        const broken = /^data: \{"choices":\[\{\n|^event: error\ndata: [^{]/m.test(text);
        assert.ok(broken || (failed >= 0 && (done < 0 || failed < done)), `${end.name}: ${text}`);
      }
    }
  } finally {
    console.log = log;
  }
});

const message = { role: "assistant", content: "Hi" };
const answer = (...choices) => ({ id: "i", object: "chat.completion", created: 1, model: "m", choices, usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
const whole = (more) => ({ index: 0, message, finish_reason: "stop", ...more });

for (const [name, body, said, partial] of [
  ["finish_reason error", answer(whole({ finish_reason: "error", error: { code: 502, message: WORDS } })), /own words/, true],
  ["finish_reason error without words", answer(whole({ finish_reason: "error" })), /no reason/, true],
  ["an error in the second choice", answer(whole(), whole({ index: 1, error: WORDS })), /own words/, true],
  ["an error beside the choices", { ...answer(whole()), error: { message: WORDS } }, /own words/, true],
  ["errors beside the choices", { ...answer(whole()), errors: [{ message: WORDS }] }, /own words/, true],
  ["base_resp beside the choices", { ...answer(whole()), base_resp: { status_code: 1008, status_msg: WORDS } }, /own words/, true],
  ["error_code beside the choices", { ...answer(whole()), error_code: 7, text: WORDS }, /own words/, true],
  ["no choices", { code: 500, msg: WORDS, success: false }, /own words/, false],
  ["base_resp alone", { base_resp: { status_code: 1008, status_msg: WORDS } }, /own words/, false],
  ["errors alone", { success: false, errors: [{ code: 10000, message: WORDS }] }, /own words/, false],
  ["an empty list of choices", answer(), /no choices/, false],
  ["choices that are none", answer(null, 7), /no choices/, false],
  ["a message that is null", answer(whole({ message: null })), /no choices with a message/, false],
  ["choices without a message", answer({ index: 0, text: "Hi", finish_reason: "stop" }, { index: 1, finish_reason: "stop" }), /no choices with a message/, false],
]) {
  test(`a whole answer that says that it failed is an APIError: ${name}`, async () => {
    const fetch = async () => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
    const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: MODEL, retry: false, fetch });
    const pending = hf.chat.completions.create({ messages: PROMPT });
    const error = await failure(pending);
    assert.deepEqual([error.name, error.status], ["APIError", 200]);
    assert.match(error.message, said);
    assert.deepEqual(error.partial ?? null, partial ? body : null);
    assert.deepEqual(error.body, body);
    const { outcome, usage } = await pending.settled;
    assert.equal(outcome, "error");
    if (partial) assert.deepEqual([usage.total_tokens, usage.source], [5, "reported"]);
  });
}

test("words that say that nothing failed are none", async () => {
  const body = { ...answer(whole({ error: null }), whole({ index: 1, error: "" })), error: null, errors: [], error_code: 0, base_resp: { status_code: 0, status_msg: "" } };
  const fetch = async () => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
  const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: MODEL, fetch });
  const pending = hf.chat.completions.create({ messages: PROMPT });
  assert.deepEqual(await pending, body);
  assert.equal((await pending.settled).outcome, "ok");
});

const call = (more) => ({ id: "a", type: "function", function: { name: "f", arguments: "{}", ...more } });
const calling = (tool_calls, more) => whole({ message: { role: "assistant", content: null, tool_calls, kept: 1 }, finish_reason: "tool_calls", ...more });

for (const [name, text, expected] of [
  ["a call in place of a list of calls", JSON.stringify(answer(calling(call()))), answer(calling([call()]))],
  ["arguments that are an object, as they were written", JSON.stringify(answer(whole(), calling([call({ arguments: "ARGS" })], { index: 1 }))).replace('"ARGS"', '{ "n": 1.0 }'), answer(whole(), calling([call({ arguments: '{ "n": 1.0 }' })], { index: 1 }))],
  ["a choice in place of a list of choices", JSON.stringify({ ...answer(), choices: whole() }), answer(whole())],
  ["one part in place of a list of parts", JSON.stringify(answer(whole({ message: { role: "assistant", content: { type: "text", text: "Hi" } } }))), answer(whole({ message: { role: "assistant", content: [{ type: "text", text: "Hi" }] } }))],
]) {
  test(`a whole answer with a value of another type is read as it was meant: ${name}`, async () => {
    const fetch = async () => new Response(text, { headers: { "content-type": "application/json" } });
    const pending = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: MODEL, fetch }).chat.completions.create({ messages: PROMPT });
    assert.deepEqual(await pending, expected);
    const { outcome, usage } = await pending.settled;
    assert.deepEqual([outcome, usage.total_tokens], ["ok", 5]);
  });
}

for (const [name, choice, said] of [
  ["content that is a number", whole({ message: { role: "assistant", content: 3 } }), /content is neither/],
  ["tool calls that are a text", calling("f()"), /tool_calls is no list/],
  ["a call that is a text", calling(["f()"]), /tool_calls is no list/],
  ["a function that is a text", calling([{ id: "a", type: "function", function: "f" }]), /function of a tool call/],
  ["a name that is a number", calling([call({ name: 3 })]), /name of a function/],
  ["arguments that are a list", calling([call({ arguments: [1] })]), /arguments of a function/],
  ["reasoning that is a number", whole({ message: { ...message, reasoning_content: 3 } }), /reasoning/],
  ["a message that is a text", whole({ message: "Hi" }), /message is no object/],
]) {
  test(`a whole answer that can't be read as it was meant is an APIError: ${name}`, async () => {
    const fetch = async () => new Response(JSON.stringify(answer(choice)), { headers: { "content-type": "application/json" } });
    const pending = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: MODEL, fetch }).chat.completions.create({ messages: PROMPT });
    const error = await failure(pending);
    assert.deepEqual([error.name, error.status, error.attempts, (await pending.settled).outcome], ["APIError", 200, 1, "error"]);
    assert.match(error.message, said);
    assert.deepEqual(error.partial, answer(choice));
  });
}

test("what had come of a stream that failed has each number as it came", async () => {
  const numbers = '{"choices":[{"index":0,"delta":{"content":"Hi","a":-0,"b":1e400,"c":-1e400}}]}';
  for (const end of ["", frame({ error: { message: WORDS } })]) {
    const fetch = async () => new Response(frame(numbers) + end, { headers: { "content-type": "text/event-stream" } });
    const { error } = await drain(await new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: MODEL, fetch }).chat.completions.create({ messages: PROMPT, stream: true }));
    const { a, b, c } = error.partial.choices[0].message;
    assert.deepEqual([a, b, c], [-0, Infinity, -Infinity]);
  }
});

test("counts that are texts are counts, in a whole answer as in a stream", async () => {
  const body = { ...answer(whole()), usage: { prompt_tokens: "3", completion_tokens: "4" } };
  const fetch = async () => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
  const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: MODEL, fetch });
  for (const stream of [false, true]) {
    const pending = hf.chat.completions.create({ messages: PROMPT, stream });
    if (stream) await (await pending).final();
    assert.deepEqual(await pending.then(() => pending.settled).then(({ usage }) => [usage.total_tokens, usage.source]), [7, "reported"]);
  }
});

test("embeddings that came with a failure are an APIError with its words", async () => {
  for (const body of [
    { vectors: null, base_resp: { status_code: 1008, status_msg: WORDS } },
    { object: "list", data: [], error: { message: WORDS } },
    { object: "list", data: null, errors: [{ message: WORDS }] },
    { object: "list", data: [{ index: 0, embedding: [1, 2] }], error_code: 3, message: WORDS },
  ]) {
    const fetch = async () => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
    const hf = new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, model: "org/model", retry: false, fetch });
    const pending = hf.embeddings.create({ input: "one" });
    const error = await failure(pending);
    assert.deepEqual([error.name, (await pending.settled).outcome], ["APIError", "error"], JSON.stringify(body));
    assert.match(error.message, /own words/, JSON.stringify(body));
  }
});

test("a catalogue that is a failure is an APIError with its words", async () => {
  for (const body of [{ success: false, errors: [{ message: WORDS }] }, { data: null, base_resp: { status_code: 1004, status_msg: WORDS } }, { error: WORDS }]) {
    const fetch = async () => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
    const error = await failure(new hfetch.HuggingFace({ apiKey: "hf_test", baseURL: BASE, retry: false, fetch }).models.list());
    assert.equal(error.name, "APIError");
    assert.match(error.message, /own words/);
  }
});

test("a permission is only spoken of behind Hugging Face's own words", async () => {
  const told = async (status, body) => {
    const fetch = async () => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
    const { message, hint } = await failure(new hfetch.HuggingFace({ apiKey: "hf_test", model: MODEL, retry: false, fetch }).chat.completions.create({ messages: PROMPT }));
    return `${message} ${hint ?? ""}`;
  };
  assert.match(await told(403, { error: "This authentication method does not have sufficient permissions to call Inference Providers on behalf of user someone" }), /needs the permission/);
  assert.match(await told(401, { error: "Invalid username or password." }), /permission/);
  for (const status of [401, 403]) {
    for (const body of [{ success: false, errors: [{ code: 10000, message: "Authentication error" }] }, { code: 1211, msg: "no such plan" }, { message: "forbidden" }]) {
      assert.doesNotMatch(await told(status, body), /permission/, JSON.stringify(body));
    }
  }
});
