// Every library through its own public API, with an injected fetch. Each entry is a function that reads one stream to its end and returns the number of items.

const MODEL = "org/model";
const messages = [{ role: "user", content: "hi" }];
const baseURL = "http://127.0.0.1:9/v1";

function body(pieces) {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (at < pieces.length) controller.enqueue(pieces[at++]);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

const streamResponse = (pieces) => new Response(body(pieces), { headers: { "content-type": "text/event-stream" } });
const jsonResponse = (bytes) => new Response(bytes, { headers: { "content-type": "application/json" } });

async function count(iterable) {
  let items = 0;
  for await (const item of iterable) if (item !== undefined) items++;
  return items;
}

async function hfetch(answer, options) {
  const { HuggingFace } = await import("hfetch");
  return new HuggingFace({ apiKey: "hf_key", baseURL, fetch: async () => answer(), ...options });
}

async function openai(answer) {
  const { OpenAI } = await import("openai");
  return new OpenAI({ apiKey: "key", baseURL, maxRetries: 0, dangerouslyAllowBrowser: true, fetch: async () => answer() });
}

async function aiModel(answer) {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const provider = createOpenAICompatible({ name: "peer", apiKey: "key", baseURL, fetch: async () => answer(), includeUsage: true });
  return provider.chatModel(MODEL);
}

const streaming = { model: MODEL, messages, stream: true };

export const streams = {
  "JSON.parse floor": async ({ payloads }) => () => {
    let items = 0;
    for (const payload of payloads) if (JSON.parse(payload) !== undefined) items++;
    return items;
  },
  "read floor": async ({ pieces }) => async () => {
    const reader = streamResponse(pieces).body.getReader();
    let bytes = 0;
    for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length;
    return bytes;
  },
  hfetch: async ({ pieces }) => {
    const client = await hfetch(() => streamResponse(pieces));
    return async () => count(await client.chat.completions.create(streaming));
  },
  "hfetch text()": async ({ pieces }) => {
    const client = await hfetch(() => streamResponse(pieces));
    return async () => count((await client.chat.completions.create(streaming)).text());
  },
  "hfetch final()": async ({ pieces }) => {
    const client = await hfetch(() => streamResponse(pieces));
    return async () => (await (await client.chat.completions.create(streaming)).final()).choices.length;
  },
  openai: async ({ pieces }) => {
    const client = await openai(() => streamResponse(pieces));
    return async () => count(await client.chat.completions.create(streaming));
  },
  "@huggingface/inference": async ({ pieces }) => {
    const { chatCompletionStream } = await import("@huggingface/inference");
    const args = { accessToken: "hf_key", endpointUrl: `${baseURL}/chat/completions`, model: MODEL, messages };
    return () => count(chatCompletionStream(args, { fetch: async () => streamResponse(pieces) }));
  },
  "eventsource-parser": async ({ pieces }) => {
    const { createParser } = await import("eventsource-parser");
    return async () => {
      let items = 0;
      const onEvent = ({ data }) => {
        if (data !== "[DONE]" && JSON.parse(data) !== undefined) items++;
      };
      const parser = createParser({ onEvent });
      const decoder = new TextDecoder();
      const reader = streamResponse(pieces).body.getReader();
      for (let read = await reader.read(); !read.done; read = await reader.read()) parser.feed(decoder.decode(read.value, { stream: true }));
      return items;
    };
  },
  "eventsource-parser stream": async ({ pieces }) => {
    const { EventSourceParserStream } = await import("eventsource-parser/stream");
    return async () => {
      let items = 0;
      const events = streamResponse(pieces).body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
      for await (const { data } of events) if (data !== "[DONE]" && JSON.parse(data) !== undefined) items++;
      return items;
    };
  },
  "AI SDK raw parts": async ({ pieces }) => {
    const model = await aiModel(() => streamResponse(pieces));
    const prompt = [{ role: "user", content: [{ type: "text", text: "hi" }] }];
    return async () => count((await model.doStream({ prompt, includeRawChunks: true })).stream);
  },
  "AI SDK streamText": async ({ pieces }) => {
    const { streamText } = await import("ai");
    const model = await aiModel(() => streamResponse(pieces));
    return () => count(streamText({ model, messages }).textStream);
  },
};

export const embeddings = {
  "JSON.parse + Float32Array": async ({ bytes, base64 }) => async () => {
    const { data } = await jsonResponse(bytes).json();
    return data.map(({ embedding }) => (base64 ? atobLoop(embedding) : Float32Array.from(embedding))).length;
  },
  hfetch: async ({ bytes, input }) => {
    const client = await hfetch(() => jsonResponse(bytes), { embeddings: { batchSize: 1000 }, limits: {} });
    return async () => (await client.embeddings.create({ model: MODEL, input })).data.length;
  },
  openai: async ({ bytes, input, base64 }) => {
    const client = await openai(() => jsonResponse(bytes));
    return async () => {
      const { data } = await client.embeddings.create({ model: MODEL, input, ...(base64 ? {} : { encoding_format: "float" }) });
      return data.map(({ embedding }) => Float32Array.from(embedding)).length;
    };
  },
};

function atobLoop(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return new Float32Array(bytes.buffer);
}
