// A model's server whose answers depend only on the request: the model's name is "<what is wanted>/<whose it is>", so that many clients can ask it at the same
// time. It serves chat completions, the Responses API and embeddings.
import { once } from "node:events";
import { createServer } from "node:http";

export const ANSWER = "The capital of France is Paris.";
export const CITY = { city: "Paris", degrees: 21 };
const VECTOR = [0.25, -0.5, 0.125];
const PACE = 30; // ms between the events of a stream
const PIECE = /"(?:content|arguments|delta)":"[^"]/; // the part of a stream that matters
const USAGE = { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 };
const USED = { input_tokens: 12, output_tokens: 8, total_tokens: 20, input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } };

/** { url, seen(model) → { requests, open, left, bodies }, close }; for a model "slow/…" the headers come after `slow` ms. */
export async function startModelServer({ slow }) {
  const seen = new Map();
  const seenOf = (model) => {
    if (!seen.has(model)) seen.set(model, { requests: 0, open: 0, left: 0, bodies: [] });
    return seen.get(model);
  };
  const server = createServer((request, response) => {
    answer(request, response, seenOf, slow).catch((error) => {
      process.stderr.write(`model server: ${error.stack}\n`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}/v1`, seen: seenOf, close };
}

async function answer(request, response, seenOf, slow) {
  let text = "";
  for await (const part of request) text += part;
  const body = JSON.parse(text);
  const [wanted] = body.model.split("/");
  const counted = seenOf(body.model);
  counted.requests += 1;
  counted.open += 1;
  counted.bodies.push(body);
  response.once("close", () => {
    counted.open -= 1;
    if (!response.writableFinished) counted.left += 1;
  });
  if (wanted === "down") return json(response, { error: { message: "overloaded", type: "server_error" } }, 503);
  if (wanted === "slow") await Promise.race([pause(slow), once(response, "close")]);
  if (request.url.endsWith("/embeddings")) return json(response, embeddings(body));
  const api = request.url.endsWith("/responses") ? responses : chat;
  const message = messageFor(wanted, body);
  if (!body.stream) {
    if (wanted === "abort") return void (await once(response, "close"));
    return json(response, api.whole(body, message));
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  await stream(response, wanted, api.events(body, message));
}

async function stream(response, wanted, events) {
  const frames = events.map(({ event, ...data }) => `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(data.data ?? data)}\n\n`);
  const [, second, third] = frames.filter((frame) => PIECE.test(frame));
  for (const frame of frames) {
    if (response.destroyed) return;
    if (wanted === "cut" && frame === second) {
      // Half an event, which ends inside a string.
      const { index, 0: begun } = PIECE.exec(frame);
      return void response.end(frame.slice(0, index + begun.length + 1));
    }
    response.write(frame);
    await pause(PACE);
    // The stream never ends until its reader leaves after reading a part of it.
    while (wanted === "abort" && frame === third && !response.destroyed) {
      response.write(": still at work\n\n");
      await pause(PACE);
    }
  }
  if (frames.at(-1).includes("chat.completion.chunk")) response.write("data: [DONE]\n\n");
  response.end();
}

/** The model's message: { content } or { tool: { name, arguments } }. */
function messageFor(wanted, body) {
  const items = body.messages ?? (Array.isArray(body.input) ? body.input : []);
  const result = items.findLast(({ role, type }) => role === "tool" || type === "function_call_output");
  const tools = (body.tools ?? []).map((each) => each.function?.name ?? each.name);
  const [tool] = tools;
  // smolagents sends a tool's result as the user's words, and expects a tool call as the answer.
  const final = (text) => (tools.includes("final_answer") ? { tool: { name: "final_answer", arguments: JSON.stringify({ answer: text }) } } : { content: text });
  const told = /degrees\W+(\d+)/.exec(JSON.stringify(result ?? (tools.includes("final_answer") ? items.at(-1) : "")))?.[1];
  if (wanted === "tools") return told ? final(`It is ${told} degrees in Paris.`) : { tool: { name: tool, arguments: JSON.stringify({ city: "Paris" }) } };
  // Some clients use a tool's arguments for the structure that they want.
  if (wanted === "structured" || tool?.endsWith("City")) return tool ? { tool: { name: tool, arguments: JSON.stringify(CITY) } } : { content: JSON.stringify(CITY) };
  return final(ANSWER);
}

const chat = {
  whole(body, { content = null, tool }) {
    const message = { role: "assistant", content, ...(tool && { tool_calls: [{ id: "call_1", type: "function", function: tool }] }) };
    return { id: "chatcmpl-1", object: "chat.completion", created: 1, model: body.model, choices: [{ index: 0, message, finish_reason: tool ? "tool_calls" : "stop", logprobs: null }], usage: USAGE };
  },
  events(body, { content, tool }) {
    const chunk = (delta, finish_reason = null) => ({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: body.model, choices: [{ index: 0, delta, finish_reason, logprobs: null }] });
    const deltas = tool
      ? [{ tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: tool.name, arguments: "" } }] }, ...pieces(tool.arguments).map((text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] }))]
      : pieces(content).map((text) => ({ content: text }));
    return [chunk({ role: "assistant", content: "" }), ...deltas.map((delta) => chunk(delta)), chunk({}, tool ? "tool_calls" : "stop"), { ...chunk({}), choices: [], usage: USAGE }];
  },
};

const responses = {
  whole(body, message) {
    return { ...head(body), status: "completed", output: [item(message)], usage: USED };
  },
  events(body, message) {
    const done = item(message);
    const begun = message.tool ? { ...done, status: "in_progress", arguments: "" } : { ...done, status: "in_progress", content: [] };
    const at = { item_id: done.id, output_index: 0 };
    const text = { ...at, content_index: 0 };
    const part = done.content?.[0];
    const middle = message.tool
      ? [...pieces(message.tool.arguments).map((delta) => ["function_call_arguments.delta", { ...at, delta }]), ["function_call_arguments.done", { ...at, name: message.tool.name, arguments: message.tool.arguments }]]
      : [
          ["content_part.added", { ...text, part: { ...part, text: "" } }],
          ...pieces(message.content).map((delta) => ["output_text.delta", { ...text, delta, logprobs: [] }]),
          ["output_text.done", { ...text, text: message.content, logprobs: [] }],
          ["content_part.done", { ...text, part }],
        ];
    const response = { ...head(body), status: "in_progress", output: [], usage: null };
    const all = [
      ["created", { response }], ["in_progress", { response }], ["output_item.added", { output_index: 0, item: begun }], ...middle,
      ["output_item.done", { output_index: 0, item: done }], ["completed", { response: this.whole(body, message) }],
    ];
    return all.map(([name, data], sequence_number) => ({ event: `response.${name}`, data: { type: `response.${name}`, sequence_number, ...data } }));
  },
};

const head = (body) => ({
  id: "resp_1", object: "response", created_at: 1, model: body.model, error: null, incomplete_details: null, instructions: body.instructions ?? null, metadata: {}, parallel_tool_calls: true, temperature: 1,
  tool_choice: body.tool_choice ?? "auto", tools: body.tools ?? [], top_p: 1, text: body.text ?? { format: { type: "text" } }, truncation: "disabled", max_output_tokens: body.max_output_tokens ?? null, previous_response_id: null, store: false,
});

const item = ({ content, tool }) =>
  tool ? { type: "function_call", id: "fc_1", call_id: "call_1", status: "completed", ...tool } : { type: "message", id: "msg_1", status: "completed", role: "assistant", content: [{ type: "output_text", text: content, annotations: [], logprobs: [] }] };

function embeddings(body) {
  const count = Array.isArray(body.input) && typeof body.input[0] !== "number" ? body.input.length : 1;
  const embedding = body.encoding_format === "base64" ? Buffer.from(new Float32Array(VECTOR).buffer).toString("base64") : VECTOR;
  return { object: "list", model: body.model, data: Array.from({ length: count }, (_, index) => ({ object: "embedding", index, embedding })), usage: { prompt_tokens: 4, total_tokens: 4 } };
}

function json(response, value, status = 200) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

const pieces = (text) => text.match(/.{1,9}/gs);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
