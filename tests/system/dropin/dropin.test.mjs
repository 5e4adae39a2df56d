// One program that was written for the `openai` package runs on both clients and must see the same. Then come the exceptions, as docs/migrate.md lists them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { npmInstall, root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";
import { parts } from "./program.mjs";

await npmInstall(fileURLToPath(new URL(".", import.meta.url)));
const { default: OpenAI } = await import("openai");
const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const hfetch = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);

const classes = ["APIError", "APIUserAbortError", "APIConnectionError", "APIConnectionTimeoutError", "BadRequestError", "AuthenticationError", "PermissionDeniedError", "NotFoundError", "ConflictError", "UnprocessableEntityError", "RateLimitError", "InternalServerError"];
const clients = { openai: [OpenAI, OpenAI], hfetch: [hfetch.HuggingFace, hfetch] };

let endpoint;
let count = 0;
before(async () => (endpoint = await startEndpoint({ pace: 0 })));
after(() => endpoint.close());

/** The setting that a program needs to run on this client, with a server of its own. */
function surroundings(name) {
  const [Client, namespace] = clients[name];
  const id = `${name}-${(count += 1)}`;
  return {
    client: new Client({ apiKey: "k", baseURL: `${endpoint.url}/s/${id}/v1` }),
    unreachable: new Client({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1" }),
    errors: Object.fromEntries(classes.map((error) => [error, namespace[error]])),
    step: (steps) => endpoint.script(id, steps),
    stats: (until) => endpoint.stats(id, until),
  };
}

for (const [name, part] of Object.entries(parts)) {
  test(`the same on both: ${name}`, async () => {
    assert.deepEqual(await part(surroundings("hfetch")), await part(surroundings("openai")));
  });
}

const request = { model: "meta-llama/Llama-3.1-8B-Instruct", messages: [{ role: "user", content: "Name three rivers." }], stream: true };

async function outcome({ client }, use) {
  try {
    for await (const chunk of await client.chat.completions.create(request)) use?.(chunk);
    return "the end";
  } catch (error) {
    return error.constructor.name;
  }
}

test("the exception: a stream that is cut off is an error", async () => {
  const seen = {};
  for (const name of Object.keys(clients)) {
    const around = surroundings(name);
    around.step([{ sse: [{ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "The Rh" } }] }] }]);
    seen[name] = await outcome(around);
  }
  assert.deepEqual(seen, { openai: "the end", hfetch: "StreamTruncatedError" });
});

test("the exception: an abort in the middle of a stream is an error", async () => {
  const seen = {};
  for (const name of Object.keys(clients)) {
    const around = surroundings(name);
    around.step([{ stallAfter: 700 }]);
    const stream = await around.client.chat.completions.create(request);
    seen[name] = await (async () => {
      for await (const chunk of stream) if (chunk) stream.controller.abort();
      return "the end";
    })().catch((error) => error.constructor.name);
    assert.equal((await around.stats("closed")).disconnected, 1);
  }
  assert.deepEqual(seen, { openai: "the end", hfetch: "APIUserAbortError" });
});

test("the exception: embeddings are Float32Array unless float is asked for", async () => {
  const { client } = surroundings("hfetch");
  const { data } = await client.embeddings.create({ model: "BAAI/bge-m3", input: "the Rhine" });
  assert.ok(data[0].embedding instanceof Float32Array);
});

test("the exception: toReadableStream() gives the event stream as it was received", async () => {
  const { client } = surroundings("hfetch");
  const stream = await client.chat.completions.create(request);
  assert.match(await new Response(stream.toReadableStream()).text(), /^data: \{[^]*\n\ndata: \[DONE\]\n\n$/);
});

test("the exception: usage is asked for unless refused", async () => {
  const asked = {};
  for (const name of Object.keys(clients)) {
    const around = surroundings(name);
    await outcome(around);
    asked[name] = (await around.stats()).bodies[0].stream_options?.include_usage;
  }
  assert.deepEqual(asked, { openai: undefined, hfetch: true });
});
