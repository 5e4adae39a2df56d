// hfetch/web: what waits for a module that is still loading, and what throws. Each case is a program of its own, since a module starts only once.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { endpoint } from "./setting/installed.mjs";

const folder = process.env.HFETCH_PACKAGE ?? join(dirname(createRequire(import.meta.url).resolve("hfetch")), "..");
const entry = pathToFileURL(join(folder, "dist/web.js")).href;

/** Runs a program in which `load` loads the entry as a page does, and `client` makes a client; returns what it prints as JSON. */
async function program(body) {
  const text = `
    const network = fetch;
    const { readFile } = await import("node:fs/promises");
    const asked = [];
    globalThis.fetch = async (url, init) => {
      if (!String(url).startsWith("file:")) return network(url, init);
      asked.push(String(url));
      return new Response(await readFile(new URL(url)), { headers: { "content-type": "application/wasm" } });
    };
    const load = () => import(${JSON.stringify(entry)});
    const options = { apiKey: "hf_x", baseURL: ${JSON.stringify(`${endpoint.url}/v1`)}, model: "org/model" };
    const messages = [{ role: "user", content: "Hello" }];
    const failure = (work) => Promise.resolve().then(work).then(() => null, (error) => error);
    ${body}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", text]);
  return JSON.parse(stdout);
}

test("a call waits for the module, with the body as it was given; a function without a promise says that it can't", async () => {
  const [early, answer, outcome, tokens, asked] = await program(`
    const { HuggingFace, estimateTokens, ready } = await load();
    const early = await failure(() => estimateTokens("hello"));
    const pending = new HuggingFace(options).chat.completions.create({ messages });
    messages.length = 0;
    const { choices } = await pending;
    await ready();
    console.log(JSON.stringify([[early.name, early.message, early.hint], choices[0].message.content, (await pending.settled).outcome, estimateTokens("hello"), asked]));`);
  assert.deepEqual(early, ["HfetchError", "hfetch/web: the WebAssembly is still on its way", "Await ready(), or any call of a client, before functions that give no promise."]);
  assert.match(answer, /You said: Hello/);
  assert.equal(outcome, "ok");
  assert.ok(tokens > 0);
  assert.equal(asked.length, 1);
  assert.match(asked[0], /hfetch_bg\.wasm$/);
});

test("options that are wrong end the first call, which is settled", async () => {
  const [name, path, outcome] = await program(`
    const { HuggingFace } = await load();
    const hf = new HuggingFace({ ...options, timeout: "soon" });
    const pending = hf.chat.completions.create({ messages });
    const error = await failure(() => pending);
    console.log(JSON.stringify([error.name, error.path, (await pending.settled).outcome]));`);
  assert.deepEqual([name, path, outcome], ["ConfigError", "timeout", "error"]);
});

test("where the file did not come along the module is there as text", async () => {
  for (const answer of ['new Response("not here", { status: 404 })', 'new Response("<!doctype html>")', 'Promise.reject(new TypeError("offline"))']) {
    const [text] = await program(`
      const files = fetch;
      globalThis.fetch = async (url, init) => (String(url).startsWith("file:") ? ${answer} : files(url, init));
      const { HuggingFace } = await load();
      const { choices } = await new HuggingFace(options).chat.completions.create({ messages });
      console.log(JSON.stringify([choices[0].message.content]));`);
    assert.match(text, /You said: Hello/);
  }
});

test("what can't be compiled ends the call and not the import; the next call tries again", async () => {
  const [first, outcome, listed, second] = await program(`
    const { compile, compileStreaming } = WebAssembly;
    // Node's own fetch compiles a module at its first request.
    await network(options.baseURL);
    WebAssembly.compile = WebAssembly.compileStreaming = async () => { throw new WebAssembly.CompileError("blocked by CSP"); };
    const { HuggingFace } = await load();
    const hf = new HuggingFace(options);
    const pending = hf.chat.completions.create({ messages });
    const error = await failure(() => pending);
    const listed = await failure(() => hf.models.list());
    Object.assign(WebAssembly, { compile, compileStreaming });
    const { choices } = await hf.chat.completions.create({ messages });
    console.log(JSON.stringify([[error.name, error.message, error.hint], (await pending.settled).outcome, listed.name, choices[0].message.content]));`);
  assert.equal(first[0], "HfetchError");
  assert.match(first[1], /can't be started here: blocked by CSP/);
  assert.match(first[2], /wasm-unsafe-eval/);
  assert.equal(outcome, "error");
  assert.equal(listed, "HfetchError");
  assert.match(second, /You said: Hello/);
});

test("on a server it is the default entry, which waits for nothing", async () => {
  const { resolve } = createRequire(join(folder, "package.json"));
  const [web, plain] = await Promise.all(["hfetch/web", "hfetch"].map((name) => import(pathToFileURL(resolve(name)).href)));
  assert.equal(web.HuggingFace, plain.HuggingFace);
  assert.equal(web.default, plain.default);
  assert.equal(await web.ready(), undefined);
  assert.deepEqual(Object.keys(web).filter((name) => name !== "ready"), Object.keys(plain));
});
