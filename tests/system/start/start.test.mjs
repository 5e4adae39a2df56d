// npm start as a person uses it: an answer in the terminal, a page, another port if one is taken, and a clean end.
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { startEndpoint } from "../../endpoint/server.mjs";
import { start } from "./setting/start.mjs";

const TOKEN = "hf_the_key_of_whoever_started_it";
let endpoint;

before(async () => (endpoint = await startEndpoint()));
after(() => endpoint.close());

async function takenPort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) };
}

test("without a token: the stand-in answers in the terminal, and the page is served beside the package", async (t) => {
  const { url, stop, printed } = await start(t, 0);
  assert.match(printed(), /You said: Say hello in one short sentence\./);
  assert.match(printed(), /\(\d+ \+ \d+ tokens\)/);
  assert.match(await (await fetch(url)).text(), /<script type="module"/);
  assert.match((await fetch(`${url}/page.js`)).headers.get("content-type"), /^text\/javascript/);
  const config = await (await fetch(`${url}/config.json`)).json();
  assert.equal(config.standIn, true);
  assert.equal((await fetch(`${url}${config.baseURL}/models`)).status, 200);
  assert.equal((await fetch(`${url}/../../Cargo.toml`)).status, 404);
  assert.equal(await stop(), 0);
  await assert.rejects(fetch(url), "the page's server is gone");
});

test("a local model is downloaded only for whoever said yes", async () => {
  const checkout = await mkdtemp(join(tmpdir(), "hfetch-local-model-"));
  try {
    await cp(new URL("../../../scripts", import.meta.url), join(checkout, "scripts"), { recursive: true });
    const { startLocalModel } = await import(pathToFileURL(join(checkout, "scripts/local-model.mjs")));
    await assert.rejects(startLocalModel(), /280 MB[^]*--yes/);
    assert.deepEqual(await readdir(checkout), ["scripts"], "nothing was made");
  } finally {
    await rm(checkout, { recursive: true });
  }
});

test("a port that is taken is named, and the next one is used", async (t) => {
  const taken = await takenPort();
  const { url, stop, printed } = await start(t, taken.port);
  assert.match(printed(), new RegExp(`Port ${taken.port} is taken`));
  assert.notEqual(new URL(url).port, String(taken.port));
  assert.equal(await stop(), 0);
  await taken.close();
});

test("with a token: the page asks this server, which adds the key; no other site may", async (t) => {
  const { url, stop, printed } = await start(t, 0, { HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/s/start/v1` });
  const config = await (await fetch(`${url}/config.json`)).json();
  assert.deepEqual([config.standIn, config.baseURL], [false, "/v1"]);
  const ask = (headers = {}) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ model: config.model, messages: [{ role: "user", content: "through the server" }], stream: true }),
    });
  const answer = await ask();
  assert.match(answer.headers.get("content-type"), /^text\/event-stream/);
  assert.match(await answer.text(), /data: \[DONE\]/);
  const { headers } = await endpoint.stats("start");
  assert.ok(headers.length >= 2 && headers.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
  assert.equal((await ask({ origin: "https://elsewhere.example" })).status, 403);
  assert.ok(!printed().includes(TOKEN));
  assert.equal(await stop(), 0);
});

test("a page that hangs up hangs up on the model", async (t) => {
  endpoint.script("hangup", [{}, { stallAfter: 40 }]);
  const { url, stop } = await start(t, 0, { HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/s/hangup/v1` });
  const controller = new AbortController();
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "a/b", messages: [{ role: "user", content: "and then nothing" }], stream: true }),
    signal: controller.signal,
  });
  await answer.body.getReader().read();
  controller.abort();
  assert.equal((await endpoint.stats("hangup", "closed")).disconnected, 1);
  assert.equal(await stop(), 0);
});
