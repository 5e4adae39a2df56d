// useChat's messages as chat messages: the same as the SDK converts them and its openai-compatible provider sends them, except for what servers refuse.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { convertToModelMessages, generateText, readUIMessageStream } from "ai";
import { root } from "../../../scripts/run.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const load = (name) => import(pathToFileURL(join(packageFolder, "dist", name)).href);
const { HuggingFace } = await load("index.js");
const { fromUIMessages, toUIMessageStreamResponse } = await load("ai-sdk.js");

const user = (...parts) => ({ id: "u", role: "user", parts });
const assistant = (...parts) => ({ id: "a", role: "assistant", parts });
const text = (words) => ({ type: "text", text: words });
const step = { type: "step-start" };
const file = (mediaType, url, filename) => ({ type: "file", mediaType, url, ...(filename && { filename }) });
const tool = (name, toolCallId, state, more) => ({ type: `tool-${name}`, toolCallId, state, ...more });

/** The body that the SDK's own provider for such servers sends for the same messages. */
async function theirs(messages) {
  let sent;
  const fetch = async (_, { body }) => {
    sent = JSON.parse(body).messages;
    return Response.json({ choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }] });
  };
  const model = createOpenAICompatible({ name: "x", baseURL: "http://x.invalid", fetch })("m");
  await generateText({ model, messages: await convertToModelMessages(messages), allowSystemInMessages: true });
  return sent;
}

const PNG = "data:image/png;base64,iVBORw0KGgo=";
const SAME = {
  "a question": [user(text("Hello"))],
  "several texts": [user(text("Hello"), text("there"))],
  "an answer and the next question": [user(text("Hello")), assistant(step, text("Hi "), text("there")), user(text("Bye"))],
  "an image in a data URL": [user(text("What is this?"), file("image/png", PNG))],
  "sound and a document": [user(file("audio/wav", "data:audio/wav;base64,AAAA"), file("application/pdf", "data:application/pdf;base64,AAAA", "a.pdf"))],
  "a text file": [user(text("Sum up"), file("text/plain", `data:text/plain;base64,${btoa("two lines")}`))],
  "reasoning from elsewhere": [user(text("2+2?")), assistant(step, { type: "reasoning", text: "Easy." }, text("4")), user(text("Sure?"))],
  "a tool and its result": [user(text("Weather?")), assistant(step, text("Looking."), tool("weather", "c1", "output-available", { input: { city: "Paris" }, output: { degrees: 21 } }), step, text("21."))],
  "parallel tools, a text as a result, an error": [
    user(text("Both?")),
    assistant(step, tool("f", "c1", "output-available", { input: {}, output: "plain" }), tool("g", "c2", "output-error", { input: { x: 1 }, errorText: "It broke." }), step, text("Done.")),
  ],
  "a dynamic tool": [user(text("?")), assistant(step, { type: "dynamic-tool", toolName: "mcp", toolCallId: "c1", state: "output-available", input: { q: "é" }, output: [1, 2] }, step, text("!"))],
  "several steps of tools": [
    user(text("?")),
    assistant(step, tool("f", "c1", "output-available", { input: {}, output: 1 }), step, tool("f", "c2", "output-available", { input: { n: 2 }, output: null }), step, text("Done.")),
    user(text("And?")),
  ],
  "arguments that were no JSON": [user(text("?")), assistant(step, tool("f", "c1", "output-error", { rawInput: '{"x":', errorText: "No JSON." }), step, text("!"))],
  "a call whose arguments are still coming": [user(text("?")), assistant(step, text("Looking."), tool("f", "c1", "input-streaming", { input: { x: 1 } }))],
  "sources, data and custom parts": [user(text("?")), assistant(step, { type: "source-url", sourceId: "s", url: "https://x.invalid" }, { type: "data-weather", data: {} }, text("!"), { type: "custom", kind: "a.b" }), user(text("."))],
  "what the user said between two steps": [user(text("?")), assistant(step, text("One."), { type: "steering-message", id: "s", parts: [text("Faster!")] }, step, text("Two.")), user(text("."))],
};

for (const [name, messages] of Object.entries(SAME)) {
  test(`as the SDK sends it: ${name}`, async () => {
    // In theirs, undefined means absent.
    assert.deepEqual(JSON.parse(JSON.stringify(fromUIMessages(messages))), await theirs(messages));
  });
}

test("links stay links, for the model's server to follow", () => {
  const [{ content }] = fromUIMessages([user(text("?"), file("image/*", "https://x.invalid/a.png"), file("video/mp4", "https://x.invalid/a.mp4"), file("audio/wav", "https://x.invalid/a.wav"))]);
  assert.deepEqual(content.slice(1), [
    { type: "image_url", image_url: { url: "https://x.invalid/a.png" } },
    { type: "video_url", video_url: { url: "https://x.invalid/a.mp4" } },
    { type: "audio_url", audio_url: { url: "https://x.invalid/a.wav" } },
  ]);
});

test("a system message, and a denied call", () => {
  assert.deepEqual(fromUIMessages([{ id: "s", role: "system", parts: [text("Be "), text("brief.")] }]), [{ role: "system", content: "Be brief." }]);
  for (const [state, approval, content] of [
    ["output-denied", { id: "p", approved: false, reason: "Not now." }, "Not now."],
    ["approval-responded", { id: "p", approved: false }, "The user denied this tool call."],
  ]) {
    const turns = fromUIMessages([user(text("?")), assistant(step, tool("f", "c1", state, { input: {}, approval }))]);
    assert.deepEqual(turns.at(-1), { role: "tool", tool_call_id: "c1", content });
  }
});

test("a call without a result stands open at the end, and is answered where the conversation went on", () => {
  for (const state of ["input-available", "approval-requested", "approval-responded"]) {
    const open = assistant(step, tool("f", "c1", state, { input: { x: 1 }, ...(state !== "input-available" && { approval: { id: "p", ...(state === "approval-responded" && { approved: true }) } }) }));
    const turn = { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"x":1}' } }] };
    assert.deepEqual(fromUIMessages([user(text("?")), open]), [{ role: "user", content: "?" }, turn]);
    const [, , answer, next] = fromUIMessages([user(text("?")), open, user(text("Never mind."))]);
    assert.deepEqual([answer.role, answer.tool_call_id, next.content], ["tool", "c1", "Never mind."]);
  }
});

test("reasoning goes back by the name by which it came", async () => {
  const chunk = (delta, finish_reason = null) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const came = {
    reasoning: [{ reasoning: "Easy." }, { content: "4" }],
    reasoning_content: [{ reasoning_content: "Easy." }, { content: "4" }],
    content: [{ content: "<think>Easy.</think>\n\n4" }],
  };
  for (const [field, deltas] of Object.entries(came)) {
    const fetch = async () => new Response([...deltas.map((delta) => chunk(delta)), chunk({}, "stop"), "data: [DONE]\n\n"].join(""), { headers: { "content-type": "text/event-stream" } });
    const hf = new HuggingFace({ apiKey: "hf_x", baseURL: "http://x.invalid/v1", model: "m", fetch });
    const stream = await hf.chat.completions.create({ messages: [{ role: "user", content: "2+2?" }], stream: true });
    const frames = (await toUIMessageStreamResponse(stream).text()).split("\n\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
    let message;
    for await (const state of readUIMessageStream({ stream: new ReadableStream({ start: (to) => (frames.forEach((frame) => to.enqueue(frame)), to.close()) }) })) message = state;
    const expected = { reasoning: { content: "4", reasoning: "Easy." }, reasoning_content: { content: "4", reasoning_content: "Easy." }, content: { content: "<think>Easy.</think>4" } };
    assert.deepEqual(fromUIMessages([message]), [{ role: "assistant", ...expected[field] }]);
  }
});

test("what a page says of where reasoning came from names no other member of a message", () => {
  for (const field of ["role", "__proto__", "tool_calls", 1, null]) {
    const [turn] = fromUIMessages([assistant(step, { type: "reasoning", text: "Easy.", providerMetadata: { hfetch: { field, details: "x" } } }, text("4"))]);
    assert.deepEqual(turn, { role: "assistant", content: "4", reasoning_content: "Easy." });
  }
});

test("a bad message or part is a ConfigError that names it", () => {
  const cases = {
    messages: ["text", undefined, {}, null],
    "messages[0]": [[null], ["text"], [[]]],
    "messages[0].role": [[{ role: "tool", parts: [] }], [{ parts: [] }]],
    "messages[0].parts": [[{ role: "user", content: "Hello" }], [{ role: "user", parts: {} }]],
    "messages[1].parts[0]": [[user(), user(null)], [user(), assistant("text")]],
    "messages[0].parts[1].type": [[user(text("a"), { text: "b" })], [user(text("a"), { type: 1 })]],
    "messages[0].parts[0].text": [[user({ type: "text" })], [assistant({ type: "reasoning", text: 1 })], [{ role: "system", parts: [{ type: "text" }] }]],
    "messages[0].parts[0].url": [[user(file("image/png", "file:///etc/passwd"))], [user(file("image/png", "blob:x"))], [user(file("image/png"))], [user(file("text/plain", "data:text/plain;base64,***"))], [user(file("image/png", "data:image/png"))], [user(file("application/pdf", "https://x.invalid/a.pdf"))]],
    "messages[0].parts[0].mediaType": [[user(file(undefined, PNG))]],
    "messages[0].parts[0].toolCallId": [[assistant({ type: "tool-f", state: "input-available" })]],
    "messages[0].parts[0].toolName": [[assistant({ type: "dynamic-tool", toolCallId: "c", state: "input-available" })]],
    "messages[0].parts[0].state": [[assistant({ type: "tool-f", toolCallId: "c", state: "done" })]],
    "messages[0].parts[0].errorText": [[assistant({ type: "tool-f", toolCallId: "c", state: "output-error" })]],
    "messages[0].parts[0].parts": [[assistant({ type: "steering-message", id: "s" })]],
    "messages[0].parts[0].parts[0].text": [[assistant({ type: "steering-message", id: "s", parts: [{ type: "text" }] })]],
  };
  for (const [path, all] of Object.entries(cases)) {
    for (const messages of all) {
      assert.throws(() => fromUIMessages(messages), (error) => error.name === "ConfigError" && error.path === path && error.message.startsWith(path), `${path}: ${JSON.stringify(messages)}`);
    }
  }
});
