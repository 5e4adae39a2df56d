// A page's side of the agent: sends over its WebSocket what useAgentChat sends, and reads the answers. Prints the results of the three checks.
import { readUIMessageStream, uiMessageChunkSchema } from "ai";

const [url, way] = process.argv.slice(2);
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const { validate } = uiMessageChunkSchema();

/** One question in a conversation of its own. `leaveAt` is the kind of frame at which it is stopped. Returns { message, failure, kept }. */
async function ask(name, content, { model = MODEL, leaveAt } = {}) {
  const room = `agents/chat/${name}-${crypto.randomUUID()}`;
  const socket = new WebSocket(`${url.replace("http", "ws")}/${room}`);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const frames = [];
  const done = new Promise((resolve, reject) => {
    socket.onmessage = async ({ data }) => {
      const told = JSON.parse(data);
      if (told.type !== "cf_agent_use_chat_response") return;
      if (told.error) return resolve(told.body);
      if (told.body?.trim()) {
        const frame = JSON.parse(told.body);
        frames.push(frame);
        if (frame.type === leaveAt) socket.send(JSON.stringify({ type: "cf_agent_chat_request_cancel", id: "one" }));
        const checked = await validate(frame);
        if (!checked.success) reject(checked.error);
      }
      if (told.done) resolve(undefined);
    };
  });
  const messages = [{ id: "u", role: "user", parts: [{ type: "text", text: content }] }];
  const body = JSON.stringify({ messages, trigger: "submit-message", base: `${process.env.BASE}/s/${name}/v1`, model, way });
  socket.send(JSON.stringify({ type: "cf_agent_use_chat_request", id: "one", init: { method: "POST", body } }));
  const failure = await done;
  socket.close();
  let message;
  const stream = new ReadableStream({ start: (to) => (frames.forEach((frame) => to.enqueue(frame)), to.close()) });
  for await (const state of readUIMessageStream({ stream, onError() {} })) message = state;
  const kept = await fetch(`${url}/${room}/get-messages`).then((response) => response.json());
  return { message, kept: kept.at(-1), failure: failure ?? frames.find(({ type }) => type === "error")?.errorText };
}

const textOf = (message) => message?.parts.filter(({ type }) => type === "text").map(({ text }) => text).join("") ?? "";

const tasks = {
  async stream() {
    const { message, kept, failure } = await ask("stream", "one two three");
    if (failure) return failure;
    if (!textOf(message).includes("one two three") || textOf(kept) !== textOf(message)) return `the answer was ${JSON.stringify({ message, kept })}`;
    // The agent passes on only the finish reason to the page.
    return kept.metadata?.usage?.total_tokens > 0 ? "ok" : `the metadata was ${JSON.stringify(kept.metadata)}`;
  },
  async cancel() {
    const { message } = await ask("cancel", "word ".repeat(2_000), { leaveAt: "text-delta" });
    return textOf(message).length < 10_000 ? "ok" : "it went on to its end";
  },
  async error() {
    const { failure } = await ask("error", "Hello?", { model: "no-such/model" });
    return failure === "The answer failed." ? "ok" : `the error was ${failure}`;
  },
};

const results = {};
for (const [name, task] of Object.entries(tasks)) results[name] = await task().catch((error) => `${error?.name}: ${error?.message}`);
console.log(JSON.stringify(results));
