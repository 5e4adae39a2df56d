// chat.completions.parse() against the stand-in endpoint: JSON by a schema, from servers that are asked in one form after another.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODEL, PROMPT, drain, failure, hfetch, scripted } from "./setting/installed.mjs";

const schema = { type: "object", properties: { city: { type: "string" }, people: { type: "number" } }, required: ["city", "people"], additionalProperties: false };
const GHENT = { city: "Ghent", people: 265000 };
const whole = (content, more) => ({ json: { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop", ...more }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } } });
const streamed = (pieces, reason = "stop") => ({
  sse: [...pieces.map((content) => ({ delta: { content }, finish_reason: null })), { delta: {}, finish_reason: reason }].map((choice) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, ...choice }] })),
  done: true,
});
const refused = (message, more) => ({ status: 400, json: { error: { message, ...more } } });
const ask = (client, more, options) => client.chat.completions.parse({ messages: PROMPT, response_format: { name: "city", schema }, ...more }, options);
const typeOf = ({ response_format: format }) => (format === undefined ? "text" : format.type === "json_schema" ? (format.json_schema.strict ? "strict" : "schema") : format.value ? "value" : "json");
/** A validator with the interface of standardschema.dev, written by hand; `later` makes it asynchronous. */
const validator = (check, { later = false, json = schema } = {}) => ({
  "~standard": {
    version: 1,
    vendor: "hand",
    validate: (value) => (later ? Promise.resolve(check(value)) : check(value)),
    ...(json && { jsonSchema: { input: () => json } }),
  },
});
const isCity = (value) => (typeof value?.people === "number" ? { value: { ...value, checked: true } } : { issues: [{ message: "must be a number", path: [{ key: "people" }] }] });

test("a whole answer has what its message says, beside the message as it came", async () => {
  const server = scripted(whole(JSON.stringify(GHENT)));
  const completion = await ask(server.client());
  assert.deepEqual(completion.choices[0].message.parsed, GHENT);
  const { bodies } = await server.stats();
  assert.deepEqual(bodies[0].response_format, { type: "json_schema", json_schema: { name: "city", strict: true, schema } });
});

test("an answer's message goes back without what was written beside it", async () => {
  const server = scripted(whole(JSON.stringify(GHENT)), whole("ok"));
  const client = server.client();
  const { message } = (await ask(client)).choices[0];
  await client.chat.completions.create({ messages: [...PROMPT, message] });
  const { bodies } = await server.stats();
  assert.deepEqual(bodies[1].messages.at(-1), { role: "assistant", content: JSON.stringify(GHENT) });
});

const AROUND = {
  fences: "```json\n{\"city\":\"Ghent\",\"people\":265000}\n```",
  "words and fences": "Sure! Here it is:\n```\n{\"city\":\"Ghent\",\"people\":265000}\n```\nAnything else?",
  "words with braces": "In {curly} terms [see 1]: {\"city\":\"Ghent\",\"people\":265000} — that is {\"city\":\"Bruges\",\"people\":1}.",
  "thoughts with JSON": "<think>maybe {\"city\":\"Bruges\",\"people\":1}</think>\n{\"city\":\"Ghent\",\"people\":265000}",
  "thoughts without a beginning": "maybe {\"city\":\"Bruges\",\"people\":1}</think>{\"city\":\"Ghent\",\"people\":265000}",
  "doubled braces": "{{\"city\":\"Ghent\",\"people\":265000}}",
};
for (const [name, content] of Object.entries(AROUND)) {
  test(`JSON is found: ${name}`, async () => {
    const server = scripted(whole(content), streamed([...content]));
    assert.deepEqual((await ask(server.client(), {}, { repair: 0 })).choices[0].message.parsed, GHENT);
    const stream = await ask(server.client(), { stream: true }, { repair: 0 });
    const { items } = await drain(stream.partial());
    assert.deepEqual((await stream.final()).choices[0].message.parsed, GHENT);
    if (name !== "thoughts without a beginning") assert.deepEqual(items.at(-1), GHENT);
  });
}

test("a server that refuses a form is asked the next, once, and remembered", async () => {
  const server = scripted(refused("strict is not supported"), refused("json_schema is not supported", { param: "response_format" }), { status: 422, json: { error: "no" } }, whole(JSON.stringify(GHENT)), whole(JSON.stringify(GHENT)));
  const client = server.client();
  for (let call = 0; call < 2; call++) assert.deepEqual((await ask(client)).choices[0].message.parsed, GHENT);
  const { bodies } = await server.stats();
  assert.deepEqual(bodies.map(typeOf), ["strict", "schema", "json", "text", "text"]);
  for (const { messages } of bodies.slice(2)) assert.match(messages[0].content, /JSON Schema:\n\{"type":"object"/);
});

test("what refuses something else is not asked in another form", async () => {
  for (const [status, error] of [[400, { message: "no such model", code: "model_not_supported" }], [400, { message: "bad", param: "temperature" }], [401, { message: "no" }], [500, { message: "no" }]]) {
    const server = scripted({ status, json: { error }, times: 5 });
    assert.equal((await failure(ask(server.client({ retry: false })))).status, status);
    assert.equal((await server.stats()).requests, 1);
  }
});

test("mode says with which form to begin", async () => {
  for (const mode of ["schema", "json", "text"]) {
    const server = scripted(whole(JSON.stringify(GHENT)));
    await ask(server.client(), { mode });
    assert.equal(typeOf((await server.stats()).bodies[0]), mode === "schema" ? "strict" : mode);
  }
  const error = await failure(ask(scripted().client(), {}, { mode: "xml" }));
  assert.deepEqual([error.name, error.path], ["ConfigError", "mode"]);
});

test("text-generation-inference: a schema or tools, not both; its own form where it says so", async () => {
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];
  const server = scripted({ status: 422, json: { error: "Input validation error: Grammar and tools are mutually exclusive" } }, whole(JSON.stringify(GHENT)));
  await ask(server.client(), { tools });
  assert.deepEqual((await server.stats()).bodies.map(typeOf), ["strict", "text"]);
  const old = scripted({ status: 422, json: { error: "Failed to deserialize: missing field `value`" } }, whole(JSON.stringify(GHENT)));
  await ask(old.client());
  assert.deepEqual((await old.stats()).bodies[1].response_format, { type: "json_object", value: schema });
  const named = scripted(whole(JSON.stringify(GHENT)));
  await ask(named.client(), { model: `${MODEL}:hf-inference` });
  assert.equal(typeOf((await named.stats()).bodies[0]), "value");
  const route = scripted(whole(JSON.stringify(GHENT)));
  await ask(route.client({ baseURL: `${route.baseURL}/hf-inference/models/org/m` }));
  assert.equal(typeOf((await route.stats()).bodies[0]), "value");
});

test("text-generation-inference: a refusal in a stream that began well", async () => {
  const frame = { error: { message: "Input validation error: grammar is not valid", http_status_code: 422 } };
  for (const read of ["final", "partial"]) {
    const server = scripted({ sse: [frame], done: true }, whole(JSON.stringify(GHENT)));
    const stream = await ask(server.client(), { stream: true });
    const { items } = read === "partial" ? await drain(stream.partial()) : { items: [(await stream.final()).choices[0].message.parsed] };
    assert.deepEqual(items, [GHENT]);
    assert.deepEqual((await server.stats()).bodies.map(typeOf), ["strict", "schema"]);
  }
  const server = scripted({ sse: [{ error: { message: "overloaded", code: 500 } }], done: true });
  const { error } = await drain((await ask(server.client(), { stream: true })).partial());
  assert.equal(error.name, "StreamError");
  assert.equal((await server.stats()).requests, 1);
});

test("what doesn't fit is asked for again, with the issues; then it is an error that has them", async () => {
  for (const later of [false, true]) {
    const wrong = JSON.stringify({ city: "Ghent", people: "many" });
    const server = scripted(whole(wrong), whole(JSON.stringify(GHENT)), whole(wrong), whole(wrong));
    const response_format = validator(isCity, { later });
    const pending = ask(server.client(), { response_format });
    assert.deepEqual((await pending).choices[0].message.parsed, { ...GHENT, checked: true });
    const { usage, attempts, outcome } = await pending.settled;
    assert.deepEqual([usage.total_tokens, attempts, outcome], [30, 2, "ok"]);
    const { bodies } = await server.stats();
    assert.deepEqual(bodies[1].messages.slice(1).map(({ role }) => role), ["assistant", "user"]);
    assert.match(bodies[1].messages.at(-1).content, /people: must be a number/);
    const error = await failure(ask(server.client(), { response_format }));
    assert.ok(error instanceof hfetch.StructuredOutputError && error instanceof hfetch.HfetchError);
    assert.deepEqual([error.issues, error.text, error.partial], [[{ message: "must be a number", path: ["people"] }], wrong, JSON.parse(wrong)]);
  }
});

test("an answer at its maximum, or filtered, is said to be that, and is not asked for again", async () => {
  for (const [reason, words] of [["length", /max_tokens/], ["content_filter", /filter/]]) {
    const server = scripted(whole('{"city":"Gh', { finish_reason: reason }));
    const error = await failure(ask(server.client()));
    assert.equal(error.name, "StructuredOutputError");
    assert.match(error.message, words);
    assert.deepEqual([error.partial, error.finishReason], [{ city: "Gh" }, reason]);
    assert.equal((await server.stats()).requests, 1);
  }
});

test("a schema that can't be given as JSON Schema is a ConfigError that says how to give one beside it", async () => {
  const server = scripted(whole(JSON.stringify(GHENT)));
  for (const response_format of [validator(isCity, { json: null }), { "~standard": { version: 1, vendor: "hand", validate: isCity, jsonSchema: { input: () => { throw new Error("Date"); } } } }]) {
    const error = await failure(ask(server.client(), { response_format }));
    assert.deepEqual([error.name, error.path], ["ConfigError", "response_format"]);
    assert.match(error.hint, /schema: .*validate: /);
  }
  assert.equal((await server.stats()).requests, 0);
  const beside = await ask(server.client(), { response_format: { schema, validate: validator(isCity, { json: null }) } });
  assert.equal(beside.choices[0].message.parsed.checked, true);
});

test("a stream gives the value so far, each time one of its own, and the end what was validated", async () => {
  const text = JSON.stringify({ city: "Gh\u{1f600}ent \\ \"x\"\n", people: 265000, list: [1, { a: null }] });
  const server = scripted(streamed(text.match(/[^]{1,3}/g)));
  const response_format = validator(isCity);
  const pending = ask(server.client(), { response_format, stream: true });
  const stream = await pending;
  assert.ok(stream instanceof hfetch.ChatStream);
  const { items, error } = await drain(stream.partial());
  assert.equal(error, null);
  assert.equal(new Set(items).size, items.length);
  assert.deepEqual(items.at(-1), JSON.parse(text));
  for (const [at, { city = "" }] of items.entries()) assert.ok(JSON.parse(text).city.startsWith(city) && city.length >= (items[at - 1]?.city ?? "").length);
  assert.equal((await stream.final()).choices[0].message.parsed.checked, true);
  assert.equal((await pending.settled).outcome, "ok");
});

test("a stream that doesn't fit is asked for again by final(), and both are settled", async () => {
  const server = scripted(streamed(['{"city":', '"Ghent"}']), whole(JSON.stringify(GHENT)));
  const pending = ask(server.client(), { response_format: validator(isCity), stream: true });
  const stream = await pending;
  assert.equal((await stream.final()).choices[0].message.parsed.checked, true);
  assert.equal((await pending.settled).attempts, 2);
});

test("the time for partial values grows with the answer's length, not with its square", async () => {
  const time = async (count) => {
    const text = JSON.stringify({ rows: Array.from({ length: count }, (_, id) => ({ id })), long: "x".repeat(count * 8) });
    const server = scripted(streamed(text.match(/[^]{1,16}/g)));
    const stream = await server.client().chat.completions.parse({ messages: PROMPT, stream: true, response_format: { schema: { type: "object" } } });
    const started = performance.now();
    const { items } = await drain(stream.partial());
    assert.equal(items.at(-1).rows.length, count);
    return performance.now() - started;
  };
  await time(500);
  const [short, long] = [await time(2_000), await time(16_000)];
  assert.ok(long < 30 * short + 500, `${short} ms, and for eight times as much ${long} ms`);
});

test("an abort ends it with one error, between its calls as well", async () => {
  const server = scripted(whole("{}"), { stallBeforeHeaders: true });
  const controller = new AbortController();
  const checking = validator(() => new Promise(() => controller.abort("enough")), {});
  const pending = ask(server.client(), { response_format: checking }, { signal: controller.signal });
  const error = await failure(pending);
  assert.deepEqual([error.name, error.cause], ["APIUserAbortError", "enough"]);
  assert.equal((await pending.settled).attempts, 1);
  assert.equal((await server.closed()).requests, 1);
});

test("an answer that calls tools, or refuses, has nothing parsed and is no error", async () => {
  const call = { id: "1", type: "function", function: { name: "f", arguments: "{}" } };
  const server = scripted(whole(null, { message: { role: "assistant", content: null, tool_calls: [call] } }), whole(null, { message: { role: "assistant", content: null, refusal: "no" } }));
  for (let time = 0; time < 2; time++) assert.equal((await ask(server.client())).choices[0].message.parsed, null);
});
