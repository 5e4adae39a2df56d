// A chat completion, whole or as a stream: what is sent, and what comes back.
import { MODEL, PROMPT, collect, scenario, textOf } from "./setting.mjs";
import { assertIdentical } from "../setting/identical.mjs";

export const chat = [
  scenario("a whole answer is the body as it came", async ({ client, script, assert }) => {
    const body = { id: "x", object: "chat.completion", created: 1, model: "m", choices: [{ finish_reason: "stop", index: 0, message: { role: "assistant", content: "Hé 👋" }, seed: 7 }], prompt: [] };
    await script({ json: body });
    assertIdentical(await client().chat.completions.create({ messages: PROMPT }), body);
  }),

  scenario("a message has the names its server gave, and reasoningOf finds reasoning under any", async ({ client, script, hfetch, assert }) => {
    await script({ fixture: "completion-reasoning-content.json" }, { fixture: "completion-plain.json" });
    const hf = client();
    const { message } = (await hf.chat.completions.create({ messages: PROMPT })).choices[0];
    assert.deepEqual(message, { role: "assistant", content: "Three.", reasoning_content: "Count them." });
    assert.equal(hfetch.reasoningOf(message), "Count them.");
    assert.ok(!("reasoning" in (await hf.chat.completions.create({ messages: PROMPT })).choices[0].message));
  }),

  scenario("a stream gives text, and the default model", async ({ client, stats, assert }) => {
    const stream = await client().chat.completions.create({ messages: [{ role: "user", content: "ping" }], stream: true });
    const text = textOf(await collect(stream));
    assert.ok(text.startsWith("You said: ping"), text);
    assert.equal(stream.finishReason, "stop");
    const { bodies } = await stats();
    assert.equal(bodies[0].model, MODEL);
  }),

  scenario("the body: model first, stop a list, names as they are, strangers pass", async ({ client, stats, assert }) => {
    await client().chat.completions.create({
      temperature: 0.5, messages: PROMPT, max_tokens: 5, top_p: 0.9, stop: "END", seed: 3, guided_choice: ["a", { b: null }], model: "Qwen/Qwen3-8B:nscale", user: "ü",
    });
    const [body] = (await stats()).bodies;
    assertIdentical(body, {
      model: "Qwen/Qwen3-8B:nscale", temperature: 0.5, messages: PROMPT, max_tokens: 5, top_p: 0.9, stop: ["END"], seed: 3, guided_choice: ["a", { b: null }], user: "ü",
    });
  }),

  scenario("a stream asks for usage unless told not to", async ({ client, stats, assert }) => {
    const hf = client();
    const asks = { include_usage: true };
    const table = [[undefined, asks], [null], [{ include_usage: false }], [{ include_usage: null }], [{}, asks], [asks, asks], [{ include_usage: false, x: 1 }, { include_usage: false, x: 1 }]];
    for (const [stream_options] of table) {
      await collect(await hf.chat.completions.create({ messages: PROMPT, stream: true, ...(stream_options !== undefined && { stream_options }) }));
    }
    const { bodies } = await stats();
    assert.deepEqual(bodies.map((body) => body.stream_options), table.map(([, sent]) => sent));
    assert.deepEqual(bodies.map((body) => "stream_options" in body), table.map(([, sent]) => sent !== undefined));
    assert.ok(bodies.every((body) => body.stream === true));
  }),

  scenario("headers: key, type, bill-to, the client's and the request's own", async ({ client, stats, assert }) => {
    const hf = client({ billTo: "acme", headers: { "x-one": "1", "x-two": "2" } });
    await hf.chat.completions.create({ messages: PROMPT }, { headers: { "x-two": "two", "x-three": "3" } });
    const [headers] = (await stats()).headers;
    const sent = Object.fromEntries(["authorization", "content-type", "x-hf-bill-to", "x-one", "x-two", "x-three"].map((name) => [name, headers[name]]));
    assert.deepEqual(sent, { authorization: "Bearer hf_scenario", "content-type": "application/json", "x-hf-bill-to": "acme", "x-one": "1", "x-two": "two", "x-three": "3" });
  }),

  scenario("the client's own id is no part of the model, a provider is", async ({ client, stats, assert }) => {
    const hf = client();
    await hf.chat.completions.create({ model: `huggingface:${MODEL}:fastest`, messages: PROMPT });
    await hf.chat.completions.create({ model: `${MODEL}:cerebras`, messages: PROMPT });
    assert.deepEqual((await stats()).bodies.map(({ model }) => model), [`${MODEL}:fastest`, `${MODEL}:cerebras`]);
  }),

  scenario("a key may come from a function, asked for each request", async ({ client, stats, assert }) => {
    let asked = 0;
    const hf = client({ apiKey: async () => `hf_ticket_${(asked += 1)}` });
    await hf.chat.completions.create({ messages: PROMPT });
    await hf.chat.completions.create({ messages: PROMPT });
    assert.deepEqual((await stats()).headers.map(({ authorization }) => authorization), ["Bearer hf_ticket_1", "Bearer hf_ticket_2"]);
  }),

  scenario("withResponse gives the answer and what came with it", async ({ client, assert }) => {
    const pending = client().chat.completions.create({ messages: PROMPT });
    const { data, response } = await pending.withResponse();
    assert.equal(data, await pending);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^application\/json/);
    assert.match(response.requestId, /^Root=1-/);
    const stream = await client().chat.completions.create({ messages: PROMPT, stream: true });
    assert.deepEqual([stream.response.status, stream.response.requestId], [200, stream.response.headers.get("x-request-id")]);
    await stream.final();
  }),

  scenario("an injected fetch is called with a string, and only what every runtime takes", async ({ baseURL, hfetch, assert }) => {
    let seen;
    const hf = new hfetch.HuggingFace({
      apiKey: "hf_x", baseURL, model: MODEL,
      fetch: function (...args) {
        seen = { args, self: this };
        return fetch(...args);
      },
    });
    await hf.chat.completions.create({ messages: PROMPT });
    assert.equal(seen.self, undefined);
    assert.equal(seen.args.length, 2);
    assert.equal(seen.args[0], `${baseURL}/chat/completions`);
    const { redirect = "manual", ...init } = seen.args[1];
    assert.deepEqual(Object.keys(init).filter((key) => !["method", "headers", "body", "signal"].includes(key)), []);
    assert.equal(redirect, "manual", "named in Workers only, where the platform's own way may take the key to another origin");
    assert.equal(seen.args[1].method, "POST");
  }),

  scenario("three streams of one client overlap and stay apart", async ({ client, script, assert }) => {
    await script({ delayMs: 2 }, { delayMs: 1 }, { split: 40 });
    const hf = client();
    const texts = await Promise.all(
      ["alpha", "beta", "gamma"].map(async (word) => textOf(await collect(await hf.chat.completions.create({ messages: [{ role: "user", content: word }], stream: true })))),
    );
    assert.deepEqual(texts.map((text) => text.split("\n")[0]), ["You said: alpha", "You said: beta", "You said: gamma"]);
  }),

  scenario("a completion-only model: the error names the reason", async ({ client, hfetch, assert }) => {
    const error = await assert.rejects(client().chat.completions.create({ model: "microsoft/DialoGPT-medium", messages: PROMPT }), hfetch.BadRequestError);
    assert.deepEqual([error.status, error.code, error.param, error.type], [400, "model_not_supported", "model", "invalid_request_error"]);
    assert.match(error.message, /microsoft\/DialoGPT-medium/);
  }),
];
