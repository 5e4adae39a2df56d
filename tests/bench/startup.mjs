// The time that a program needs before its first answer: an import and a client, then the first request with an injected fetch. As a command, this file measures one library in
// a fresh Node.
import { fileURLToPath } from "node:url";

const address = "http://127.0.0.1:9/v1";

/** The code with which a user of each library makes a client and asks it. */
const programs = {
  hfetch: [
    `const { HuggingFace } = await import("hfetch"); const client = new HuggingFace({ apiKey: "hf_key", baseURL: "${address}", fetch: given });`,
    "await client.chat.completions.create(body);",
  ],
  openai: [
    `const { OpenAI } = await import("openai"); const client = new OpenAI({ apiKey: "key", baseURL: "${address}", dangerouslyAllowBrowser: true, fetch: given });`,
    "await client.chat.completions.create(body);",
  ],
  "@huggingface/inference": [
    `const { InferenceClient } = await import("@huggingface/inference"); const client = new InferenceClient("hf_key", { endpointUrl: "${address}/chat/completions", fetch: given });`,
    "await client.chatCompletion(body);",
  ],
  "AI SDK": [
    `const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible"); const { generateText } = await import("ai"); const model = createOpenAICompatible({ name: "peer", apiKey: "key", baseURL: "${address}", fetch: given }).chatModel(body.model);`,
    "await generateText({ model, messages: body.messages });",
  ],
};

/** The code of a page that has the module as a file, so that it is compiled while it arrives. */
const pages = {
  "hfetch/slim": [
    `const { HuggingFace, init } = await import("hfetch/slim"); await init("/hfetch.wasm"); const client = new HuggingFace({ apiKey: "hf_key", baseURL: "${address}", fetch: given });`,
    "await client.chat.completions.create(body);",
  ],
};

export const libraries = Object.keys(programs);
export const pageLibraries = [...libraries, ...Object.keys(pages)];

/** The source of a generator of one library's steps: a platform that has loaded its lazy parts, a client, the first answer. */
export function steps(library) {
  const [construct, request] = programs[library] ?? pages[library];
  return `async function* () {
    const given = async () => Response.json({ id: "1", object: "chat.completion", created: 1, model: "org/model", choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
    const body = { model: "org/model", messages: [{ role: "user", content: "hi" }] };
    await (await given()).json();
    yield;
    ${construct}
    yield;
    ${request}
  }`;
}

/** The source of a function that returns { ready, first }: the milliseconds to a client, and from there to the first answer. */
export function timed(library) {
  return `async () => {
    const steps = (${steps(library)})();
    await steps.next();
    const start = performance.now();
    await steps.next();
    const made = performance.now();
    await steps.next();
    return { ready: made - start, first: performance.now() - made };
  }`;
}

if (globalThis.process?.argv[1] === fileURLToPath(import.meta.url)) {
  // A function made from text has no module of its own from which it could import.
  const source = timed(process.argv[2]).replaceAll("await import(", "await load(");
  const run = new Function("load", `return ${source}`)((name) => import(name));
  console.log(JSON.stringify(await run()));
}
