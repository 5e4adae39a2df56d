// A program written for the `openai` package: chat, streams, embeddings, cancelling, errors. Its argument decides on which client it runs; it returns a
// transcript of everything that it saw.

const model = "meta-llama/Llama-3.1-8B-Instruct";
const messages = [{ role: "user", content: "Name three rivers." }];

/** Each part gets a client of its own and returns plain data. `step(steps)` scripts the server, `stats(until)` returns its counters. */
export const parts = {
  async "a whole answer"({ client }) {
    const completion = await client.chat.completions.create({ model, messages, max_tokens: 20, temperature: 0 });
    return JSON.parse(JSON.stringify(completion));
  },

  async "a streamed answer"({ client }) {
    const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  },

  async "a tool call, streamed"({ client }) {
    const tools = [{ type: "function", function: { name: "rivers", parameters: { type: "object", properties: {} } } }];
    const stream = await client.chat.completions.create({ model, messages, tools, stream: true });
    let name = "";
    let json = "";
    for await (const chunk of stream) {
      const call = chunk.choices[0]?.delta?.tool_calls?.[0];
      name += call?.function?.name ?? "";
      json += call?.function?.arguments ?? "";
    }
    return { name, json };
  },

  async "break hangs up"({ client, step, stats }) {
    await step([{ stallAfter: 600 }]);
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) if (chunk) break;
    const { open, disconnected } = await stats("closed");
    return { open, disconnected };
  },

  async "a signal that is aborted before the headers"({ client, errors, step, stats }) {
    await step([{ stallBeforeHeaders: true }]);
    const controller = new AbortController();
    const pending = client.chat.completions.create({ model, messages }, { signal: controller.signal });
    await stats("requests:1");
    controller.abort();
    const error = await pending.catch((thrown) => thrown);
    return { abort: error instanceof errors.APIUserAbortError, api: error instanceof errors.APIError, status: error.status };
  },

  async "a timeout"({ client, errors, step }) {
    await step([{ stallBeforeHeaders: true }]);
    const error = await client.chat.completions.create({ model, messages }, { timeout: 50, maxRetries: 0 }).catch((thrown) => thrown);
    return { timeout: error instanceof errors.APIConnectionTimeoutError, connection: error instanceof errors.APIConnectionError };
  },

  async "retries"({ client, step, stats }) {
    await step([{ status: 500, headers: { "retry-after-ms": "1" } }, { status: 429, headers: { "retry-after-ms": "1" } }, {}]);
    const completion = await client.chat.completions.create({ model, messages }, { maxRetries: 2 });
    const { requests } = await stats();
    return { requests, content: completion.choices[0].message.content };
  },

  async "withResponse"({ client }) {
    const { data, response, request_id } = await client.chat.completions.create({ model, messages }).withResponse();
    const sameId = request_id === response.headers.get("x-request-id");
    return { object: data.object, status: response.status, type: response.headers.get("content-type"), sameId };
  },

  async "headers of one request"({ client, stats }) {
    await client.chat.completions.create({ model, messages }, { headers: { "x-team": "rivers" } });
    const { headers } = await stats();
    return { team: headers[0]["x-team"], authorization: headers[0].authorization };
  },

  async "errors by class and field"({ client, errors, step }) {
    const body = { error: { message: "no", type: "some_type", code: "some_code", param: "some_param" } };
    const seen = {};
    for (const status of [400, 401, 403, 404, 409, 422, 429, 500, 503]) {
      await step([{ status, json: body, headers: { "x-request-id": `r-${status}` } }]);
      const error = await client.chat.completions.create({ model, messages }, { maxRetries: 0 }).catch((thrown) => thrown);
      const classes = Object.keys(errors).filter((name) => error instanceof errors[name]);
      const { code, type, param, requestID } = error;
      seen[status] = { classes, status: error.status, code, type, param, requestID, error: error.error, header: error.headers.get("x-request-id") };
    }
    return seen;
  },

  async "no connection"({ unreachable, errors }) {
    const error = await unreachable.chat.completions.create({ model, messages }, { maxRetries: 0 }).catch((thrown) => thrown);
    return { connection: error instanceof errors.APIConnectionError, status: error.status, cause: error.cause instanceof Error };
  },

  async "embeddings"({ client }) {
    const input = ["the Rhine", "the Danube"];
    const { data, model: answered, usage } = await client.embeddings.create({ model: "BAAI/bge-m3", input, encoding_format: "float" });
    // The server sends decimal texts of 32-bit floats.
    return { answered, tokens: usage.prompt_tokens, data: data.map(({ index, embedding }) => ({ index, embedding: embedding.map(Math.fround) })) };
  },

  async "parse by a schema"({ client, step }) {
    await step([{ json: answer({ content: '{"rivers":["Rhine"]}' }) }]);
    const response_format = { type: "json_schema", json_schema: { name: "rivers", strict: true, schema: { type: "object", properties: {} } } };
    const completion = await client.chat.completions.parse({ model, messages, response_format });
    const { content, parsed } = completion.choices[0].message;
    return { content, parsed };
  },

  async "runTools"({ client, step }) {
    const call = (id, name, json) => ({ id, type: "function", function: { name, arguments: json } });
    await step([{ json: answer({ content: null, tool_calls: [call("a", "length", '{"river":"Rhine"}')] }) }, { json: answer({ content: "1233 km" }) }]);
    const length = async ({ river }) => ({ river, km: 1233 });
    const tools = [{ type: "function", function: { name: "length", parse: JSON.parse, function: length, parameters: { type: "object", properties: { river: { type: "string" } } } } }];
    const heard = [];
    const runner = client.chat.completions.runTools({ model, messages, tools }).on("message", ({ role }) => heard.push(role));
    runner.on("functionToolCall", ({ name }) => heard.push(name)).on("functionToolCallResult", (result) => heard.push(result));
    const content = await runner.finalContent();
    return { content, heard: heard.sort(), history: runner.messages.map(({ role, content, tool_call_id }) => ({ role, content, tool_call_id })) };
  },

  async "stream() and its events"({ client }) {
    const heard = [];
    const stream = client.chat.completions.stream({ model, messages }).on("content", (delta, snapshot) => heard.push([delta, snapshot]));
    stream.on("content.delta", ({ snapshot }) => heard.push(snapshot)).once("finalContent", (text) => heard.push(text)).on("end", () => heard.push("end"));
    const content = await stream.finalContent();
    await stream.done();
    return { content, heard };
  },

  async "stream() as chunks, and abort()"({ client, step, stats, errors }) {
    const chunks = [];
    for await (const chunk of client.chat.completions.stream({ model, messages })) chunks.push(chunk.choices[0]?.delta.content);
    await step([{ stallAfter: 700 }]);
    const stream = client.chat.completions.stream({ model, messages });
    const ended = stream.done().catch((error) => error instanceof errors.APIUserAbortError);
    stream.on("content", () => stream.abort());
    return { text: chunks.join(""), ended: await ended, disconnected: (await stats("closed")).disconnected };
  },
};

/** A whole answer with this message. */
function answer(message) {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", refusal: null, ...message }, finish_reason: message.tool_calls ? "tool_calls" : "stop", logprobs: null }], usage };
}
