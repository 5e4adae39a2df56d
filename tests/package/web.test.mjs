// What waits for a module that is still loading, and what throws: with hfetch/web, and with every entry for pages in browsers that compile a module of this size only
// in the background. Each case is a program of its own, since a module starts only once.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { endpoint } from "./setting/installed.mjs";

const folder = process.env.HFETCH_PACKAGE ?? join(dirname(createRequire(import.meta.url).resolve("hfetch")), "..");
const entryAt = (name) => pathToFileURL(join(folder, `dist/${name}.js`)).href;
const sizeLimit = new URL("runtime/size-limit.mjs", import.meta.url).href;

/** Runs a program in which `load` loads the entry as a page does; returns what it prints as JSON. */
async function program(body, entry = entryAt("web")) {
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

/** The same where the engine has that limit of size. Node's own fetch compiles a module at its first request, so there is one before. */
const limited = (body, entry) => program(`await network(options.baseURL); await import(${JSON.stringify(sizeLimit)}); ${body}`, entry);

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
    const { Module, compile, compileStreaming } = WebAssembly;
    const blocked = () => new WebAssembly.CompileError("blocked by CSP");
    // Node's own fetch compiles a module at its first request.
    await network(options.baseURL);
    WebAssembly.Module = class { constructor() { throw blocked(); } };
    WebAssembly.compile = WebAssembly.compileStreaming = async () => { throw blocked(); };
    const { HuggingFace } = await load();
    const hf = new HuggingFace(options);
    const pending = hf.chat.completions.create({ messages });
    const error = await failure(() => pending);
    const listed = await failure(() => hf.models.list());
    Object.assign(WebAssembly, { Module, compile, compileStreaming });
    const { choices } = await hf.chat.completions.create({ messages });
    console.log(JSON.stringify([[error.name, error.message, error.hint], (await pending.settled).outcome, listed.name, choices[0].message.content]));`);
  assert.equal(first[0], "HfetchError");
  assert.match(first[1], /can't be started here: blocked by CSP/);
  assert.match(first[2], /wasm-unsafe-eval/);
  assert.equal(outcome, "error");
  assert.equal(listed, "HfetchError");
  assert.match(second, /You said: Hello/);
});

test("where the engine compiles large modules only in the background, hfetch/web and hfetch/slim start there", async () => {
  const [answer, tokens] = await limited(`
    const { HuggingFace, estimateTokens, ready } = await load();
    const { choices } = await new HuggingFace(options).chat.completions.create({ messages });
    await ready();
    console.log(JSON.stringify([choices[0].message.content, estimateTokens("hello")]));`);
  assert.match(answer, /You said: Hello/);
  assert.ok(tokens > 0);
  const [count] = await limited(`
    const { estimateTokens, init } = await load();
    await init(new URL("hfetch_bg.wasm", ${JSON.stringify(entryAt("slim"))}));
    console.log(JSON.stringify([estimateTokens("hello")]));`, entryAt("slim"));
  assert.equal(count, tokens);
});

test("there the default entry's calls wait as well, and functions without a promise say what to do", async () => {
  for (const name of ["index", "index.browser"]) {
    const [early, answers, outcome, later] = await limited(`
      const { HuggingFace, estimateTokens } = await load();
      const early = await failure(() => estimateTokens("hello"));
      const hf = new HuggingFace(options);
      const pending = [hf.chat.completions.create({ messages }), new HuggingFace(options).chat.completions.create({ messages })];
      messages.length = 0;
      const answers = await Promise.all(pending);
      const later = [estimateTokens("hello"), hf.snapshot().keys.length];
      console.log(JSON.stringify([[early.name, early.message, early.hint], answers.map(({ choices }) => choices[0].message.content), (await pending[0].settled).outcome, later]));`, entryAt(name));
    assert.equal(early[0], "HfetchError", name);
    assert.match(early[1], /can't be started here: .* on the main thread/);
    assert.match(early[2], /Await a call of a client before .* or import hfetch\/web/);
    for (const answer of answers) assert.match(answer, /You said: Hello/);
    assert.equal(outcome, "ok");
    assert.deepEqual(later.map((count) => count > 0), [true, true]);
  }
});

test("there options that are wrong end the first call", async () => {
  const [name, path] = await limited(`
    const { HuggingFace } = await load();
    const error = await failure(() => new HuggingFace({ ...options, timeout: "soon" }).models.list());
    console.log(JSON.stringify([error.name, error.path]));`, entryAt("index"));
  assert.deepEqual([name, path], ["ConfigError", "timeout"]);
});

test("there hfetch/ai-sdk starts by itself, and several entries start together", async () => {
  const [alone] = await limited(`
    const { createHuggingFace } = await load();
    const prompt = [{ role: "user", content: [{ type: "text", text: "Hello" }] }];
    const { content } = await createHuggingFace(options)("org/model").doGenerate({ prompt });
    console.log(JSON.stringify([content[0].text]));`, entryAt("ai-sdk.browser"));
  assert.match(alone, /You said: Hello/);
  const [answer, tokens] = await limited(`
    const { ready, estimateTokens } = await load();
    const { HuggingFace } = await import(${JSON.stringify(entryAt("index.browser"))});
    const { choices } = await new HuggingFace(options).chat.completions.create({ messages });
    await ready();
    console.log(JSON.stringify([choices[0].message.content, estimateTokens("hello")]));`);
  assert.match(answer, /You said: Hello/);
  assert.ok(tokens > 0);
});

// Node ends a program at a rejection that nobody handles.
test("in the background every entry starts once for all calls, a failure is reported by calls alone, and the next call tries again", async () => {
  for (const name of ["index", "index.browser", "web", "ai-sdk.browser"]) {
    const [errors, answers, times] = await limited(`
      const { instantiate } = WebAssembly;
      let refused = 0;
      let times = 0;
      WebAssembly.instantiate = async () => {
        refused++;
        throw new RangeError("out of memory");
      };
      const { createHuggingFace, HuggingFace } = await load();
      const ask = createHuggingFace
        ? () => createHuggingFace(options)("org/model").doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }] })
        : () => new HuggingFace(options).chat.completions.create({ messages });
      const errors = await Promise.all([failure(ask), failure(ask)]);
      const before = refused;
      // This begins to start the module, and nothing waits for it.
      createHuggingFace ? createHuggingFace(options) : new HuggingFace(options);
      for (let turn = 0; refused === before && turn < 1000; turn++) await new Promise((resolve) => setTimeout(resolve));
      await new Promise((resolve) => setTimeout(resolve));
      WebAssembly.instantiate = (...given) => (times++, instantiate(...given));
      const answers = await Promise.all([ask(), ask(), ask()]);
      console.log(JSON.stringify([errors.map(({ message }) => message), answers.map(({ choices, content }) => choices?.[0].message.content ?? content[0].text), times]));`, entryAt(name));
    for (const error of errors) assert.match(error, /can't be started here: out of memory/, name);
    for (const answer of answers) assert.match(answer, /You said: Hello/, name);
    assert.equal(times, 1, name);
  }
});

test("on a server it is the default entry, which waits for nothing", async () => {
  const { resolve } = createRequire(join(folder, "package.json"));
  const [web, plain] = await Promise.all(["hfetch/web", "hfetch"].map((name) => import(pathToFileURL(resolve(name)).href)));
  assert.equal(web.HuggingFace, plain.HuggingFace);
  assert.equal(web.default, plain.default);
  assert.equal(await web.ready(), undefined);
  assert.deepEqual(Object.keys(web).filter((name) => name !== "ready"), Object.keys(plain));
});
