// hfetch/ai-sdk with the AI SDK itself: texts, settings, reasoning, tools and files, against the stand-in endpoint.

import assert from "node:assert/strict";
import { test } from "node:test";
import { UnsupportedFunctionalityError } from "@ai-sdk/provider";
import { generateText, stepCountIs, streamText } from "ai";
import { MODEL, end, whole, stream, prompt, partsOf, types, scripted, weather, call } from "./setting/provider.mjs";

test("generateText gives text, usage, identity and what the call cost", async () => {
  const { model } = await scripted([whole({ content: "Hi" }, "stop", { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } } })], { pricing: { inputPerMillion: 1, outputPerMillion: 2 } });
  const result = await generateText({ model, prompt: "Hello" });
  assert.equal(result.text, "Hi");
  assert.equal(result.finishReason, "stop");
  assert.equal(result.response.id, "chat-1");
  assert.equal(result.response.modelId, "served");
  assert.equal(result.response.timestamp.getTime(), 1790000000000);
  const { inputTokens, outputTokens, inputTokenDetails, outputTokenDetails } = result.usage;
  assert.deepEqual([inputTokens, outputTokens, inputTokenDetails.cacheReadTokens, inputTokenDetails.noCacheTokens, inputTokenDetails.cacheWriteTokens], [10, 5, 4, 6, undefined]);
  assert.deepEqual([outputTokenDetails.reasoningTokens, outputTokenDetails.textTokens], [2, 3]);
  const { costUsd, costSource, key, attempts, tried, provider, requestId } = result.providerMetadata.hfetch;
  assert.deepEqual([costUsd, costSource, attempts, tried, provider], [0.00002, "configured", 1, [], null]);
  assert.match(key, /^huggingface-/);
  assert.equal(typeof requestId, "string");
});

test("what a server doesn't count is undefined", async () => {
  const { model } = await scripted([whole({ content: "Hi" }, "stop", { usage: undefined })]);
  const { usage } = await model.doGenerate({ prompt });
  assert.deepEqual(usage, {
    inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: undefined, text: undefined, reasoning: undefined },
  });
});

test("streamText streams", async () => {
  const { model, stats } = await scripted();
  const result = streamText({ model, prompt: "one two three" });
  let text = "";
  for await (const piece of result.textStream) text += piece;
  assert.ok(text.length > 0);
  assert.equal(await result.finishReason, "stop");
  assert.ok((await result.usage).totalTokens > 0);
  assert.equal((await result.providerMetadata).hfetch.attempts, 1);
  assert.equal((await stats("closed")).disconnected, 0);
});

test("all settings reach the body", async () => {
  const { model, bodies } = await scripted([whole({ content: "Hi" })]);
  const result = await generateText({
    model, system: "Be brief.", prompt: "Hello", maxOutputTokens: 7, temperature: 0.5, topP: 0.9, topK: 40, presencePenalty: 0.1, frequencyPenalty: 0.2,
    stopSequences: ["END"], seed: 3, reasoning: "low", providerOptions: { huggingface: { min_p: 0.05 }, hfetch: { metadata: { user: 1 } } },
  });
  const [body] = await bodies();
  assert.deepEqual(body, {
    model: MODEL, messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "Hello" }], max_tokens: 7, temperature: 0.5, top_p: 0.9, top_k: 40,
    presence_penalty: 0.1, frequency_penalty: 0.2, stop: ["END"], seed: 3, reasoning_effort: "low", min_p: 0.05, stream: false,
  });
  assert.deepEqual(result.warnings ?? [], []);
});

test("what can't be said is warned of", async () => {
  const { model, bodies } = await scripted([whole({ content: "Hi" })]);
  const tools = [{ type: "provider", id: "openai.web_search", name: "search", args: {} }];
  const { warnings } = await model.doGenerate({ prompt, tools, toolChoice: { type: "auto" }, reasoning: "none" });
  assert.deepEqual(warnings.map(({ type, feature }) => [type, feature]), [["unsupported", "reasoning: none"], ["unsupported", "provider-defined tool openai.web_search"]]);
  const [body] = await bodies();
  assert.deepEqual(Object.keys(body).sort(), ["messages", "model", "stream"]);
});

for (const [name, message, form] of [
  ["reasoning", { reasoning: "hm", content: "Hi" }, { field: "reasoning" }],
  ["reasoning_content", { reasoning_content: "hm", content: "Hi" }, { field: "reasoning_content" }],
  ["<think> in the text", { content: "<think>hm</think>\n\nHi" }, { field: "think" }],
  ["thinking parts", { content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }, { type: "text", text: "Hi" }] }, { field: "content" }],
  ["reasoning_details alone", { reasoning_details: [{ type: "reasoning.text", text: "hm" }], content: "Hi" }, { details: [{ type: "reasoning.text", text: "hm" }] }],
  ["reasoning_details", { reasoning: "hm", reasoning_details: [{ type: "reasoning.text", text: "hm", signature: "s" }], content: "Hi" }, { field: "reasoning", details: [{ type: "reasoning.text", text: "hm", signature: "s" }] }],
]) {
  test(`reasoning as ${name} comes apart, and goes back as it came`, async () => {
    const { model, bodies } = await scripted([whole(message), stream(message), whole({ content: "Yes" }), whole({ content: "Yes" })]);
    const first = await generateText({ model, prompt: "Hello" });
    assert.deepEqual([first.reasoningText, first.text], ["hm", "Hi"]);
    assert.deepEqual(first.content[0].providerMetadata.hfetch, form);
    const streamed = streamText({ model, prompt: "Hello" });
    assert.deepEqual([await streamed.reasoningText, await streamed.text], ["hm", "Hi"]);
    for (const { messages } of [await first.response, await streamed.response]) await generateText({ model, messages: [{ role: "user", content: "Hello" }, ...messages, { role: "user", content: "Sure?" }] });
    const expected = name === "<think> in the text" ? { content: "<think>hm</think>Hi" } : message;
    for (const body of (await bodies()).slice(2)) assert.deepEqual(body.messages[1], { role: "assistant", ...expected });
  });
}

test("<think> is found wherever the chunks are cut, and only at the beginning", async () => {
  const pieces = ["<", "th", "ink", ">a<", "/b </", "thi", "nk>", "\n", "\nHi", " <think>", " is a tag"];
  const { model } = await scripted([stream(...pieces.map((content) => ({ content })))]);
  const result = streamText({ model, prompt: "Hello" });
  assert.deepEqual([await result.reasoningText, await result.text], ["a</b ", "Hi <think> is a tag"]);
  const { model: other } = await scripted([stream({ content: " <thi" })]);
  assert.equal(await streamText({ model: other, prompt: "Hello" }).text, " <thi");
});

test("a server that refuses reasoning in the history is asked once more without, and never again with it", async () => {
  const { hf, model, bodies } = await scripted([{ status: 400, json: { error: { message: "Unsupported field in message: reasoning" } } }, whole({ content: "a" }), whole({ content: "b" })]);
  const messages = [{ role: "user", content: "Hello" }, { role: "assistant", content: [{ type: "reasoning", text: "hm" }, { type: "text", text: "Hi" }] }, { role: "user", content: "Sure?" }];
  assert.equal((await generateText({ model, messages })).text, "a");
  assert.equal((await generateText({ model: hf(MODEL), messages })).text, "b");
  const sent = (await bodies()).map(({ messages: [, { reasoning_content: thought }] }) => thought);
  assert.deepEqual(sent, ["hm", undefined, undefined]);
});

test("a level of reasoning that a server refuses is left out, with a word about it, and signed details come together again", async () => {
  const detail = (text, more) => ({ type: "reasoning.text", index: 0, text, ...more });
  const pieces = [{ reasoning_details: [detail("h")] }, { reasoning_details: [detail("m", { signature: "s" })] }, { content: "Hi" }];
  const { model, bodies } = await scripted([{ status: 400, json: { error: { message: "Unknown parameter: reasoning_effort" } } }, stream(...pieces)]);
  const result = streamText({ model, prompt: "Hello", reasoning: "high" });
  assert.equal(await result.reasoningText, "hm");
  assert.deepEqual((await result.warnings).map(({ feature }) => feature), ["reasoning: high"]);
  assert.deepEqual((await bodies()).map(({ reasoning_effort: effort }) => effort), ["high", undefined]);
  const [{ content }] = (await result.response).messages;
  assert.deepEqual(content[0].providerOptions.hfetch.details, [detail("hm", { signature: "s" })]);
});

test("a refusal that has other reasons is thrown as it is", async () => {
  const refusal = { status: 400, json: { error: { message: "something else" } } };
  const { model, stats } = await scripted([refusal, refusal]);
  const messages = [{ role: "user", content: "Hello" }, { role: "assistant", content: [{ type: "reasoning", text: "hm" }, { type: "text", text: "Hi" }] }, { role: "user", content: "Sure?" }];
  await assert.rejects(generateText({ model, messages }), /something else/);
  assert.equal((await stats()).requests, 2);
});


test("tools are called over several steps, and their results go back", async () => {
  const { model, bodies } = await scripted([whole({ content: null, tool_calls: [call("c1", "weather", '{"city":"Bern"}')] }, "stop"), whole({ content: "20 degrees" })]);
  const result = await generateText({ model, prompt: "Weather?", tools: { weather }, stopWhen: stepCountIs(3) });
  assert.equal(result.text, "20 degrees");
  assert.equal(result.steps[0].finishReason, "tool-calls");
  const [first, second] = await bodies();
  assert.equal(first.tools[0].function.name, "weather");
  assert.equal(first.tools[0].function.parameters.properties.city.type, "string");
  assert.equal(first.tool_choice, "auto");
  assert.deepEqual(second.messages.slice(1), [
    { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Bern"}' } }] },
    { role: "tool", tool_call_id: "c1", content: '{"city":"Bern","degrees":20}' },
  ]);
});

for (const [name, deltas, cities] of [
  ["one call", [{ tool_calls: [call("c1", "weather", "")] }, { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }, { tool_calls: [{ index: 0, function: { arguments: '"Bern"}' } }] }], ["Bern"]],
  ["calls side by side", [{ tool_calls: [call("c1", "weather", '{"city":"Be', 0), call("c2", "weather", '{"city":"Ba', 1)] }, { tool_calls: [{ index: 1, function: { arguments: 'sel"}' } }, { index: 0, function: { arguments: 'rn"}' } }] }], ["Bern", "Basel"]],
  ["one index for several calls", [{ tool_calls: [call("c1", "weather", '{"city":"Bern"}', 0)] }, { tool_calls: [call("c2", "weather", '{"city":"Basel"}', 0)] }], ["Bern", "Basel"]],
  ["no index", [{ tool_calls: [{ id: "c1", function: { name: "weather", arguments: '{"city":"Bern"}' } }] }, { tool_calls: [{ id: "c2", function: { name: "weather", arguments: '{"city":"Basel"}' } }] }], ["Bern", "Basel"]],
  ["the second before the first", [{ tool_calls: [call("c2", "weather", '{"city":"Basel"}', 1)] }, { tool_calls: [call("c1", "weather", '{"city":"Bern"}', 0)] }], ["Bern", "Basel"]],
  ["TGI's ids", [{ tool_calls: [call("0", "weather", '{"city":"Bern"}', 0)] }, { tool_calls: [call("0", "weather", '{"city":"Basel"}', 1)] }], ["Bern", "Basel"]],
  ["no ids", [{ tool_calls: [{ index: 0, function: { name: "weather", arguments: '{"city":"Bern"}' } }] }], ["Bern"]],
  ["the name after the index", [{ tool_calls: [{ index: 0, id: "c1" }] }, { tool_calls: [{ index: 0, function: { name: "weather", arguments: '{"city":"Bern"}' } }] }], ["Bern"]],
]) {
  test(`streamed tools: ${name}`, async () => {
    const { model, bodies } = await scripted([stream(...deltas, end("stop")), stream({ content: "done" })]);
    const result = streamText({ model, prompt: "Weather?", tools: { weather }, stopWhen: stepCountIs(3) });
    assert.equal(await result.text, "done");
    const [step] = await result.steps;
    assert.equal(step.finishReason, "tool-calls");
    assert.deepEqual(step.toolCalls.map(({ input }) => input.city), cities);
    const ids = step.toolCalls.map(({ toolCallId }) => toolCallId);
    assert.equal(new Set(ids).size, cities.length);
    const [, second] = await bodies();
    assert.deepEqual(second.messages.filter(({ role }) => role === "tool").map(({ tool_call_id: id }) => id), ids);
  });
}

test("a streamed call's parts come in their order", async () => {
  const { model } = await scripted([stream({ reasoning: "hm" }, { content: "So: " }, { tool_calls: [call("c1", "weather", '{"city":')] }, { tool_calls: [{ index: 0, function: { arguments: '"Bern"}' } }] }, end("tool_calls"), { ...end(), choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } })]);
  const parts = await partsOf(model);
  assert.deepEqual(types(parts), [
    "stream-start", "response-metadata", "reasoning-start", "reasoning-delta", "reasoning-end", "text-start", "text-delta", "text-end",
    "tool-input-start", "tool-input-delta", "tool-input-delta", "tool-input-end", "tool-call", "finish",
  ]);
  assert.deepEqual(parts.at(-2), { type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Bern"}' });
  assert.deepEqual(parts.at(-1).finishReason, { unified: "tool-calls", raw: "tool_calls" });
  assert.equal(parts.at(-1).usage.outputTokens.total, 2);
});

test("every kind of a tool's result goes back", async () => {
  const outputs = [
    [{ type: "text", value: "t" }, "t"], [{ type: "json", value: { a: 1 } }, '{"a":1}'], [{ type: "error-text", value: "e" }, "e"], [{ type: "error-json", value: [1] }, "[1]"],
    [{ type: "execution-denied", reason: "no" }, "no"], [{ type: "content", value: [{ type: "text", text: "a" }, { type: "text", text: "b" }] }, "a\nb"],
    [{ type: "content", value: [{ type: "text", text: "a" }, { type: "file", mediaType: "image/png", data: { type: "data", data: "iVBORw==" } }] }, [{ type: "text", text: "a" }, { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw==" } }]],
  ];
  const { model, bodies } = await scripted([whole({ content: "Hi" })]);
  const content = outputs.map(([output], at) => ({ type: "tool-result", toolCallId: `c${at}`, toolName: "t", output }));
  await model.doGenerate({ prompt: [...prompt, { role: "tool", content: [{ type: "tool-approval-response", approvalId: "x", approved: true }, ...content] }] });
  const [{ messages }] = await bodies();
  assert.deepEqual(messages.slice(1), outputs.map(([, sent], at) => ({ role: "tool", tool_call_id: `c${at}`, content: sent })));
});

test("images, sound, video, files and texts become the parts that servers know", async () => {
  const { model, bodies } = await scripted([whole({ content: "Hi" })]);
  const data = (base64) => ({ type: "data", data: base64 });
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
  const content = [
    { type: "text", text: "See" },
    { type: "file", mediaType: "image/*", data: data(png) },
    { type: "file", mediaType: "image", data: data("/9j/AAAA") },
    { type: "file", mediaType: "image/png", data: { type: "url", url: new URL("https://example.org/a.png") }, providerOptions: { huggingface: { image_url: { detail: "low" } } } },
    { type: "file", mediaType: "audio/mpeg", data: data("SUQz") },
    { type: "file", mediaType: "audio/wav", data: data("UklG") },
    { type: "file", mediaType: "video/mp4", data: { type: "url", url: new URL("https://example.org/a.mp4") } },
    { type: "file", mediaType: "application/pdf", filename: "a.pdf", data: data("JVBE") },
    { type: "file", mediaType: "text/plain", data: data("SGFsbG8=") },
    { type: "file", mediaType: "text/plain", data: { type: "text", text: "as it is" } },
    { type: "file", mediaType: "application/pdf", data: { type: "reference", reference: { huggingface: "file-1" } } },
  ];
  await model.doGenerate({ prompt: [{ role: "user", content }] });
  const [{ messages: [message] }] = await bodies();
  assert.deepEqual(message.content, [
    { type: "text", text: "See" },
    { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw==" } },
    { type: "image_url", image_url: { url: "data:image/jpeg;base64,/9j/AAAA" } },
    { type: "image_url", image_url: { url: "https://example.org/a.png", detail: "low" } },
    { type: "input_audio", input_audio: { data: "SUQz", format: "mp3" } },
    { type: "input_audio", input_audio: { data: "UklG", format: "wav" } },
    { type: "video_url", video_url: { url: "https://example.org/a.mp4" } },
    { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } },
    { type: "text", text: "Hallo" },
    { type: "text", text: "as it is" },
    { type: "file", file: { file_id: "file-1" } },
  ]);
  const foreign = { type: "file", mediaType: "image/png", data: { type: "reference", reference: { openai: "x" } } };
  await assert.rejects(model.doGenerate({ prompt: [{ role: "user", content: [foreign] }] }), (error) => UnsupportedFunctionalityError.isInstance(error));
});

test("the SDK leaves images by their address to the model, and brings other files itself", async () => {
  const { model, bodies } = await scripted([whole({ content: "Hi" })]);
  await generateText({ model, messages: [{ role: "user", content: [{ type: "image", image: new URL("https://example.org/a.png") }, { type: "text", text: "?" }] }] });
  const [{ messages }] = await bodies();
  assert.equal(messages[0].content[0].image_url.url, "https://example.org/a.png");
});
