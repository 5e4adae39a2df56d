// A message goes back unchanged: tool loops against a server that compares what comes back with what it has sent, key by key.
import assert from "node:assert/strict";
import http from "node:http";
import { after, test } from "node:test";
import { hfetch } from "./setting/installed.mjs";

const { HuggingFace, reasoningOf } = hfetch;
const call = (id, city, extra) => ({ id, type: "function", function: { name: "get_weather", arguments: JSON.stringify({ city }) }, ...extra });
const SIGNED = { extra_content: { google: { thought_signature: "SIG==" } } };

// Each turn: the message as the server sends it whole, and the deltas in which it streams it.
const DIALECTS = {
  "reasoning_content, null content": [
    {
      message: { role: "assistant", content: null, reasoning_content: "I need the tool", tool_calls: [call("t1", "Oslo", SIGNED)] },
      deltas: [
        { role: "assistant", content: null, reasoning_content: "I need" },
        { reasoning_content: " the tool" },
        { tool_calls: [{ index: 0, id: "t1", type: "function", function: { name: "get_", arguments: "" }, ...SIGNED }] },
        { tool_calls: [{ index: 0, function: { name: "weather", arguments: '{"city":' } }] },
        { tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] },
      ],
    },
    {
      message: { role: "assistant", content: "And", reasoning_content: "two more", tool_calls: [call("t2", "Rome"), call("t3", "Kyiv")] },
      deltas: [
        { role: "assistant", content: "And", reasoning_content: "two more" },
        { tool_calls: [{ index: 0, ...call("t2", "Rome") }] },
        { tool_calls: [{ index: 0, ...call("t3", "Kyiv") }] },
      ],
    },
    { message: { role: "assistant", content: "22" }, deltas: [{ role: "assistant", content: "2" }, { content: "2" }] },
  ],
  "parts and signed reasoning": [
    {
      message: {
        role: "assistant",
        content: [{ type: "thinking", thinking: [{ type: "text", text: "Let me see" }] }, { type: "text", text: "One moment" }],
        reasoning_details: [{ type: "reasoning.text", index: 0, text: "Let me see", signature: "sig" }, { type: "reasoning.encrypted", index: 0, data: "AAAA" }],
        tool_calls: [call("p1", "Oslo")],
      },
      deltas: [
        { role: "assistant", content: [{ type: "thinking", thinking: [{ type: "text", text: "Let me" }] }], reasoning_details: [{ type: "reasoning.text", index: 0, text: "Let me" }] },
        { content: [{ type: "thinking", thinking: [{ type: "text", text: " see" }] }], reasoning_details: [{ type: "reasoning.text", index: 0, text: " see", signature: "sig" }] },
        { content: [{ type: "text", text: "One" }], reasoning_details: [{ type: "reasoning.encrypted", index: 0, data: "AAAA" }] },
        { content: " moment" },
        { tool_calls: { index: 0, ...call("p1", "Oslo") } },
      ],
    },
    {
      message: { role: "assistant", content: "", refusal: null, annotations: [], tool_calls: [call("p2", "Rome")], audio: null },
      deltas: [{ role: "assistant", content: "", refusal: null, annotations: [], audio: null }, { tool_calls: [{ ...call("p2", "Rome") }] }],
    },
    { message: { role: "assistant", content: "22", refusal: null }, deltas: [{ role: "assistant", content: "", refusal: null }, { content: "22" }] },
  ],
};

/** A server that speaks a dialect and refuses a conversation whose messages differ from its own in any key. */
async function serve(turns) {
  const choice = (part, finish_reason) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, ...part, finish_reason }] });
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { messages, stream } = JSON.parse(Buffer.concat(parts).toString());
    const sent = messages.filter(({ role }) => role === "assistant");
    try {
      assert.deepEqual(sent, turns.slice(0, sent.length).map(({ message }) => message));
    } catch ({ message }) {
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error: { message } }));
      return;
    }
    const { message, deltas } = turns[sent.length];
    const finish = message.tool_calls ? "tool_calls" : "stop";
    if (!stream) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...choice({ message }, finish), object: "chat.completion" }));
      return;
    }
    const chunks = [...deltas.map((delta) => choice({ delta }, null)), choice({ delta: {} }, finish)];
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end([...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return new HuggingFace({ apiKey: "hf_test", baseURL: `http://127.0.0.1:${server.address().port}/v1`, model: "m", retry: false });
}

for (const [name, turns] of Object.entries(DIALECTS)) {
  for (const stream of [false, true]) {
    test(`a tool loop of three turns, ${name}, ${stream ? "streamed" : "whole"}`, async () => {
      const hf = await serve(turns);
      const messages = [{ role: "user", content: "How warm is it?" }];
      for (let turn = 0; turn < turns.length; turn++) {
        const answer = await hf.chat.completions.create({ messages, stream });
        const [{ message, finish_reason }] = (stream ? await answer.final() : answer).choices;
        assert.equal(finish_reason, turn < 2 ? "tool_calls" : "stop");
        messages.push(message);
        for (const { id } of message.tool_calls ?? []) messages.push({ role: "tool", tool_call_id: id, content: "22" });
      }
      assert.equal(messages.at(-1).content, "22");
    });
  }
}

test("text() gives the text parts, and a settlement without usage counts all that was written", async () => {
  const hf = await serve(DIALECTS["parts and signed reasoning"]);
  const ask = { messages: [{ role: "user", content: "hi" }] };
  const stream = await hf.chat.completions.create({ ...ask, stream: true });
  let text = "";
  for await (const piece of stream.text()) text += piece;
  assert.equal(text, "One moment");
  const streamed = await stream.settled;
  const whole = await hf.chat.completions.create(ask).settled;
  const words = hfetch.estimateTokens('Let me seeOne momentget_weather{"city":"Oslo"}');
  assert.deepEqual([streamed, whole].map(({ usage }) => usage.completion_tokens), [words, words]);
});

test("reasoningOf finds reasoning wherever it is", () => {
  const table = [
    [null, null],
    [undefined, null],
    [{}, null],
    [{ content: "a", reasoning: null, reasoning_content: "" }, null],
    [{ reasoning: "a", reasoning_content: "a" }, "a"],
    [{ reasoning: "", reasoning_content: "b" }, "b"],
    [{ reasoning_text: "c" }, "c"],
    [{ content: [{ type: "thinking", thinking: [{ type: "text", text: "d" }, { type: "text", text: "e" }] }, { type: "text", text: "f" }] }, "de"],
    [{ content: [{ type: "thinking", thinking: "g" }, null, "h"] }, "g"],
    [{ content: "x", reasoning_details: [{ type: "reasoning.summary", summary: "i" }, { type: "reasoning.encrypted", data: "AAAA" }] }, "i"],
    [{ reasoning: 7 }, null],
  ];
  for (const [message, expected] of table) assert.equal(reasoningOf(message), expected, JSON.stringify(message));
});
