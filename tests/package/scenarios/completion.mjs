// Text completions: a prompt and its continuation, whole or as a stream, from every kind of server that has them.
import { collect, scenario } from "./setting.mjs";
import { assertIdentical } from "../setting/identical.mjs";

const CUT = { stream: true, max_tokens: 3 };
const wire = (choices, more) => ({ id: "cmpl-1", object: "text_completion", created: 7, model: "m", choices, ...more });
const piece = (text, finish_reason = null, index = 0) => wire([{ index, text, logprobs: null, finish_reason }]);
const texts = async (stream) => (await collect(stream.text())).join("");

async function failed(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

export const completion = [
  scenario("a whole text completion is the body as it came, and is settled as one", async ({ client, script, stats, assert }) => {
    const body = wire([{ index: 0, text: " upon a time", logprobs: null, finish_reason: "length", seed: 3 }], { usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 } });
    await script({ json: body });
    const pending = client().completions.create({ model: "bigscience/bloom-560m", prompt: "Once", max_tokens: 3, stop: "END", logprobs: 2, echo: false, suffix: null });
    assertIdentical(await pending, body);
    const { kind, outcome, model, finishReason, usage } = await pending.settled;
    assert.deepEqual({ kind, outcome, model, finishReason, total: usage.total_tokens }, { kind: "completion", outcome: "ok", model: "bigscience/bloom-560m", finishReason: "length", total: 5 });
    const { bodies, paths } = await stats();
    assertIdentical(bodies[0], { model: "bigscience/bloom-560m", prompt: "Once", max_tokens: 3, stop: ["END"], logprobs: 2, echo: false, suffix: null });
    assert.ok(paths[0].endsWith("/v1/completions"), paths[0]);
  }),

  scenario("a text completion streams from each server: text, whole, usage", async ({ client, assert }) => {
    for (const server of ["tgi", "vllm", "llama.cpp", "transformers", "any"]) {
      const hf = client({ model: `${server}/bloom-560m` });
      const body = { prompt: "Once", max_tokens: 4 };
      const text = " and so on, said";
      assert.equal(await texts(await hf.completions.create({ ...body, stream: true })), text, server);
      const stream = await hf.completions.create({ ...body, stream: true });
      const whole = await stream.final();
      assert.deepEqual([whole.object, whole.model, whole.choices.length], ["text_completion", `${server}/bloom-560m`, 1]);
      const [{ index, text: said, logprobs, finish_reason }] = whole.choices;
      assert.deepEqual([index, said, logprobs, finish_reason], [0, text, null, "length"], server);
      const { usage, kind, outcome, finishReason } = await stream.settled;
      assert.deepEqual([usage.source, usage.completion_tokens, kind, outcome, finishReason], ["reported", 4, "completion", "ok", "length"], server);
      const once = await hf.completions.create(body);
      assert.equal(once.choices[0].text, text, server);
    }
  }),

  scenario("what TGI calls eos_token is stop in the whole completion, and as it came in the chunks", async ({ client, script, assert }) => {
    for (const reason of ["eos_token", "stop_sequence"]) {
      const frames = [piece("a", ""), piece("b", ""), piece("", reason)];
      await script({ sse: frames }, { sse: frames }, { json: wire([{ index: 0, text: "ab", finish_reason: reason }]) }, { json: wire([{ index: 0, text: "ab", logprobs: null, finish_reason: "" }]) });
      const hf = client();
      const stream = await hf.completions.create({ prompt: "x", stream: true });
      assertIdentical(await collect(stream), frames);
      const whole = await stream.final();
      assert.deepEqual([whole.choices[0].text, whole.choices[0].finish_reason, stream.finishReason], ["ab", "stop", "stop"]);
      assert.equal(await texts(await hf.completions.create({ prompt: "x", stream: true })), "ab");
      assert.equal((await hf.completions.create({ prompt: "x" })).choices[0].finish_reason, "stop");
      assert.equal((await hf.completions.create({ prompt: "x" })).choices[0].finish_reason, null);
    }
  }),

  scenario("several prompts come back each at its index, however they take turns", async ({ client, stats, assert }) => {
    const hf = client({ model: "tgi/bloom-560m" });
    const whole = await (await hf.completions.create({ prompt: ["One", "Two"], stream: true })).final();
    assert.deepEqual(whole.choices.map(({ index, text }) => [index, text]), [[0, " and so on, said One."], [1, " and so on, said Two."]]);
    assert.equal(await texts(await hf.completions.create({ prompt: ["One", "Two"], stream: true })), " and so on, said One.");
    assert.equal((await hf.completions.create({ model: "vllm/x", prompt: [[1, 2], [3]], n: 2 })).choices.length, 4);
    assert.deepEqual((await stats()).bodies.map(({ prompt }) => prompt), [["One", "Two"], ["One", "Two"], [[1, 2], [3]]]);
  }),

  scenario("logprobs of a stream are put end to end, and other keys are kept", async ({ client, script, assert }) => {
    const tokens = (tokens, token_logprobs, text_offset) => ({ tokens, token_logprobs, text_offset, top_logprobs: [{ [tokens[0]]: token_logprobs[0] }] });
    const chunk = (text, logprobs, more) => wire([{ index: 0, text, logprobs, finish_reason: null, stop_reason: null, ...more }], { system_fingerprint: "f" });
    await script({ sse: [chunk("a", tokens(["a"], [-0.5], [0])), chunk("b", tokens(["b"], [-1], [1])), chunk("b", tokens(["b"], [-1], [1]), { finish_reason: "stop", stop_reason: 2 })], done: true });
    const { choices, system_fingerprint } = await (await client().completions.create({ prompt: "x", logprobs: 1, stream: true })).final();
    assert.equal(system_fingerprint, "f");
    assert.deepEqual(choices, [{
      index: 0, text: "abb", logprobs: { tokens: ["a", "b", "b"], token_logprobs: [-0.5, -1, -1], text_offset: [0, 1, 1], top_logprobs: [{ a: -0.5 }, { b: -1 }, { b: -1 }] },
      finish_reason: "stop", stop_reason: 2,
    }]);
  }),

  scenario("a text completion that breaks off, reports an error or is none says so, and is settled", async ({ client, script, hfetch, assert }) => {
    const table = [
      [{ sse: [piece("a"), piece("b")] }, "StreamTruncatedError", "truncated"],
      [{ sse: [piece("a"), { error: "CUDA out of memory" }] }, "StreamError", "error"],
      [{ sse: [], done: true }, "StreamError", "error"],
      [{ text: "It works!" }, "APIError", "error"],
    ];
    for (const [step, name, outcome] of table) {
      await script(step);
      const stream = await client({ retry: false }).completions.create({ prompt: "x", stream: true });
      const error = await failed(stream.final());
      assert.equal(error.name, name, JSON.stringify(step));
      assert.ok(error instanceof hfetch.HfetchError);
      if (step.sse?.length === 2) assert.equal(error.partial.choices[0].text, outcome === "truncated" ? "ab" : "a");
      assert.deepEqual([(await stream.settled).outcome, (await stream.settled).kind], [outcome, "completion"]);
    }
    for (const json of [wire([{ index: 0, finish_reason: "stop" }]), wire([]), { generated_text: "a" }]) {
      await script({ json });
      assert.equal((await failed(client().completions.create({ prompt: "x" }))).name, "APIError");
    }
  }),

  scenario("a whole text completion in place of a stream, and a chat's answer to a prompt, are read", async ({ client, script, assert }) => {
    const answer = { index: 0, message: { role: "assistant", content: "ab" }, finish_reason: "stop" };
    const delta = (content, finish_reason) => ({ ...wire([{ index: 0, delta: { content }, finish_reason }]), object: "chat.completion.chunk" });
    await script({ json: wire([{ index: 0, text: "ab", finish_reason: "stop" }]) }, { sse: [delta("a", null), delta("b", "stop")] }, { json: { ...wire([answer]), object: "chat.completion" } });
    const hf = client();
    assert.equal(await texts(await hf.completions.create({ prompt: "x", stream: true })), "ab");
    const { object, choices } = await (await hf.completions.create({ prompt: "x", stream: true })).final();
    assert.deepEqual([object, choices], ["text_completion", [{ index: 0, text: "ab", logprobs: null, finish_reason: "stop" }]]);
    assert.equal((await hf.completions.create({ prompt: "x" })).choices[0].text, "ab");
  }),

  scenario("in chat a stream of text completion's chunks is read as the message's content", async ({ client, script, assert }) => {
    const frames = [piece("a"), piece("b"), piece("", "stop")];
    await script({ sse: frames }, { sse: frames });
    const hf = client();
    const messages = [{ role: "user", content: "x" }];
    assert.equal(await texts(await hf.chat.completions.create({ messages, stream: true })), "ab");
    const { object, choices } = await (await hf.chat.completions.create({ messages, stream: true })).final();
    assert.deepEqual([object, choices], ["chat.completion", [{ index: 0, message: { role: "assistant", content: "ab" }, logprobs: null, finish_reason: "stop" }]]);
  }),

  scenario("at the router a text completion goes to its provider, and without one says where such a model runs", async ({ routerClient, stats, hfetch, assert }) => {
    const hf = routerClient();
    const routes = { together: "/together/v1", "featherless-ai": "/featherless-ai/v1", scaleway: "/scaleway/v1", ovhcloud: "/ovhcloud/v1", deepinfra: "/deepinfra/v1/openai" };
    for (const provider of Object.keys(routes)) {
      const pending = hf.completions.create({ model: `google/gemma-7b:${provider}`, prompt: "Once" });
      assert.ok((await pending).choices[0].text.startsWith(" and so on"));
      assert.equal((await pending.settled).provider, provider);
    }
    const { paths, bodies } = await stats();
    assert.deepEqual(paths.map((path) => path.replace(/\/s\/[^/]+/, "")), Object.values(routes).map((route) => `POST ${route}/completions`));
    assert.ok(bodies.every(({ model }) => model === "google/gemma-7b"));
    for (const model of ["google/gemma-7b", "google/gemma-7b:fastest", "google/gemma-7b:groq", "google/gemma-7b:hf-inference"]) {
      const error = await failed(hf.completions.create({ model, prompt: "Once" }));
      assert.deepEqual([error.name, error.path], ["ConfigError", "model"]);
      assert.ok(/featherless-ai.*Inference Endpoint.*baseURL/.test(error.hint), error.hint);
    }
    assert.equal((await stats()).requests, 5);
    const { hint } = await failed(hf.completions.create({ model: "org/no-such:together", prompt: "Once" }));
    assert.ok(/Inference Endpoint/.test(hint), hint);
    assert.ok(hfetch.MODELS.length > 0);
  }),

  scenario("where a provider has no answer the next model of the route is asked on its own way", async ({ routerClient, script, stats, assert }) => {
    await script({ status: 503 }, {});
    const hf = routerClient();
    const pending = hf.completions.create({ model: "google/gemma-7b:together", prompt: "Once", stream: true }, { route: { models: ["org/other:deepinfra"] } });
    assert.ok((await texts(await pending)).startsWith(" and so on"));
    const { paths, bodies } = await stats();
    assert.deepEqual(paths.map((path) => path.replace(/\/s\/[^/]+/, "")), ["POST /together/v1/completions", "POST /deepinfra/v1/openai/completions"]);
    assert.deepEqual(bodies.map(({ model }) => model), ["google/gemma-7b", "org/other"]);
    const { provider, model, kind } = await pending.settled;
    assert.deepEqual([provider, model, kind], ["deepinfra", "org/other:deepinfra", "completion"]);
    const error = await failed(hf.completions.create({ model: "google/gemma-7b:together", prompt: "x" }, { route: { models: ["org/other"] } }));
    assert.deepEqual([error.name, error.path], ["ConfigError", "model"]);
  }),

  scenario("chat with a model that only completes text names completions, and MODELS says which call each takes", async ({ client, routerClient, hfetch, assert }) => {
    const messages = [{ role: "user", content: "x" }];
    for (const { id, task, call } of hfetch.MODELS) {
      assert.equal(call, task === "text-generation" ? "completions" : "chat.completions");
      for (const hf of [client(), routerClient()]) {
        const told = await hf.chat.completions.create({ model: id, messages }).then(() => "", ({ hint }) => hint);
        assert.equal(/completions\.create with a prompt.*Inference Endpoint/.test(told), call === "completions", `${id}: ${told}`);
      }
      if (call === "completions") assert.ok((await client().completions.create({ model: id, prompt: "x" })).choices[0].text);
    }
  }),

  scenario("a prompt that is none, or that stands in the wrong call, is a ConfigError with its path", async ({ client, stats, assert }) => {
    const hf = client();
    const table = [
      [{}, "prompt"], [{ prompt: null }, "prompt"], [{ prompt: 5 }, "prompt"], [{ prompt: [] }, "prompt"], [{ prompt: ["a", 1] }, "prompt[1]"], [{ prompt: [1, "a"] }, "prompt[1]"],
      [{ prompt: [["a"]] }, "prompt[0]"], [{ prompt: "a", max_tokens: 0.5 }, "max_tokens"], [{ prompt: "a", stop: [1] }, "stop[0]"], [{ prompt: "a", n: 0 }, "n"],
    ];
    for (const [body, path] of table) {
      const error = await failed(hf.completions.create(body));
      assert.deepEqual([error.name, error.path], ["ConfigError", path], JSON.stringify(body));
    }
    assert.ok((await failed(hf.completions.create({ messages: [] }))).message.includes("chat.completions.create"));
    assert.ok((await failed(hf.chat.completions.create({ prompt: "a" }))).message.includes("completions.create"));
    assert.equal((await stats()).requests, 0);
  }),

  scenario("a text completion is retried, held to limits and budget, and aborted like a chat", async ({ client, script, stats, assert }) => {
    await script({ status: 500 }, { loading: 0.001 }, {});
    const waiting = client({ retry: { maxAttempts: 3, baseDelay: 1 } }).completions.create({ prompt: "x" });
    await waiting;
    assert.equal((await waiting.settled).attempts, 3);
    const limited = client({ limits: { requestsPerMinute: 1, onLimit: "error" } });
    await limited.completions.create({ prompt: "x" });
    assert.equal((await failed(limited.completions.create({ prompt: "x" }))).name, "LimitExceededError");
    // Ten prompts request ten answers of a thousand tokens each.
    const pricing = { inputPerMillion: 0, outputPerMillion: 1 };
    const spending = client({ pricing, budget: { usd: 0.005, per: "total" } });
    assert.equal((await failed(spending.completions.create({ prompt: Array(10).fill("x"), max_tokens: 1000 }))).name, "BudgetExceededError");
    await spending.completions.create({ prompt: "x", max_tokens: 1000 });
    await script({ sse: [piece("a"), piece("b")], stallAfter: 200 });
    const stream = await client().completions.create({ prompt: "x", stream: true });
    for await (const chunk of stream) {
      assert.equal(chunk.object, "text_completion");
      break;
    }
    assert.deepEqual([(await stream.settled).outcome, (await stream.settled).kind], ["aborted", "completion"]);
    assert.equal((await stats("closed")).open, 0);
  }),

  scenario("without a count of the server's a text completion is estimated, token ids by their number", async ({ client, script, assert }) => {
    const bare = { json: wire([{ index: 0, text: "five words are in here", finish_reason: "stop" }]) };
    await script(bare, bare, { sse: [piece("five words are in here", "stop")] });
    const hf = client();
    for (const [prompt, least] of [[[1, 2, 3, 4, 5, 6, 7], 7], [[[1, 2, 3], [4]], 4], ["one two three", 2]]) {
      const body = least === 2 ? { prompt, stream: true } : { prompt };
      const pending = hf.completions.create(body);
      const answer = await pending;
      if (body.stream) await answer.final();
      const { usage } = await pending.settled;
      assert.equal(usage.source, "estimated");
      assert.ok(least === 2 ? usage.prompt_tokens >= 2 : usage.prompt_tokens === least, `${usage.prompt_tokens}`);
      assert.ok(usage.completion_tokens >= 4, `${usage.completion_tokens}`);
    }
  }),

  scenario("what openai has and hfetch has not says so when it is called, and can be asked about", async ({ client, assert }) => {
    const hf = client();
    const table = [
      ["hf.responses", () => hf.responses.create({}), /chat\.completions/], ["hf.responses", () => hf.responses.inputItems.list("x"), /chat\.completions/],
      ["hf.beta", () => hf.beta.chat.completions.parse({}), /chat\.completions\.parse/], ["hf.images", () => hf.images.generate({}), /textToImage/],
      ["hf.files", () => hf.files.create({}), /none/], ["hf.post", () => hf.post("/x"), /fetch/],
      ["hf.chat.completions.retrieve", () => hf.chat.completions.retrieve("x"), /keep/], ["hf.chat.completions.messages", () => hf.chat.completions.messages.list("x"), /keep/],
    ];
    for (const [path, call, way] of table) {
      const error = await failed((async () => call())());
      assert.equal(error.name, "ConfigError", path);
      assert.ok(error.message.startsWith(`${path} is not part of hfetch: `) && way.test(error.message), error.message);
    }
    // Reading a missing member, as libraries that wrap a client do, doesn't throw; and code that lists all members doesn't find them.
    assert.equal(typeof hf.responses?.create, "function");
    assert.equal(typeof (await hf.responses), "function");
    assert.ok(!Object.keys(hf).includes("responses") && !Object.keys(hf.chat.completions).includes("retrieve"));
  }),
];
