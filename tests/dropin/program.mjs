// A program written for the `openai` package: chat, streams, embeddings, cancelling, errors. What it is given decides which client it
// runs on; it gives a transcript of all that it saw.

const model = "meta-llama/Llama-3.1-8B-Instruct";
const messages = [{ role: "user", content: "Name three rivers." }];

/** Each part sees a client of its own and gives plain data. `step(steps)` scripts the server, `stats(until)` is what it counted. */
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
    // The wire's numbers are decimal texts of 32-bit floats.
    return { answered, tokens: usage.prompt_tokens, data: data.map(({ index, embedding }) => ({ index, embedding: embedding.map(Math.fround) })) };
  },
};
