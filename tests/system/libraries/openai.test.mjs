// The openai package on hfetch's fetch, and other libraries: each as its users have it, except for one line.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import OpenAI from "openai";
import { root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const { HuggingFace } = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);

let endpoint;
before(async () => (endpoint = await startEndpoint({ pace: 0 })));
after(() => endpoint.close());

test("both read the same list of models", async () => {
  const options = { apiKey: "hf_libraries", baseURL: `${endpoint.url}/v1` };
  const listed = async (client) => {
    const ids = [];
    for await (const model of await client.models.list()) ids.push(model.id);
    return ids;
  };
  const ours = (await new HuggingFace(options).models.list()).map(({ id }) => id);
  assert.ok(ours.length > 0);
  assert.deepEqual(ours, await listed(new OpenAI(options)));
});

test("text completions of the openai package go through a client's fetch, whole and streamed", async () => {
  const list = [];
  const hf = new HuggingFace({ apiKey: "hf_libraries", baseURL: `${endpoint.url}/v1`, onSettled: (one) => list.push(one) });
  const openai = new OpenAI({ baseURL: `${endpoint.url}/v1`, apiKey: "-", fetch: hf.fetch });
  const body = { model: "vllm/model", prompt: "The capital of France is" };
  const whole = await openai.completions.create(body);
  let text = "";
  for await (const { choices } of await openai.completions.create({ ...body, stream: true })) text += choices[0]?.text ?? "";
  assert.ok(whole.choices[0].text.length > 0);
  assert.equal(text, whole.choices[0].text);
  assert.deepEqual(list.map(({ kind, outcome, key }) => [kind, outcome, key !== ""]), [["completion", "ok", true], ["completion", "ok", true]]);
});
