// hfetch/ai-sdk in other places: in the SDK's own types, in workerd, with require(), and as a bundle of its own.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, symlink, mkdir, writeFile, cp } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { npmInstall, root, run } from "../../../scripts/run.mjs";
import { ADDED_BY_AI_SDK, addedByAiSdk } from "../../../scripts/size.mjs";
import { startWorker } from "../../../scripts/workerd.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";
import { snippetsOf } from "../readme/setting/snippets.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";

let endpoint, folder;
before(async () => {
  endpoint = await startEndpoint({ pace: 0 });
  folder = await mkdtemp(join(tmpdir(), "hfetch-ai-sdk-"));
  await mkdir(join(folder, "node_modules/@ai-sdk"), { recursive: true });
  const link = (name, to) => symlink(to, join(folder, "node_modules", name));
  await cp(packageFolder, join(folder, "node_modules/hfetch"), { recursive: true });
  for (const name of ["ai", "@ai-sdk/provider", "@ai-sdk/provider-utils", "@ai-sdk/gateway", "zod"]) await link(name, join(root, "tests/system/libraries/node_modules", name));
});
after(async () => {
  await endpoint.close();
  await rm(folder, { recursive: true, force: true });
});

/** The document's program. */
const snippet = async () => snippetsOf(await readFile(join(root, "docs/ai-sdk.md"), "utf8")).find(({ heading }) => heading === "The AI SDK").code;

test("the SDK's types take provider and models, and the document's snippet", async () => {
  await npmInstall(join(root, "tests/package/types"));
  await cp(join(root, "tests/system/libraries/assignable.ts"), join(folder, "assignable.ts"));
  const options = { compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, target: "es2022", lib: ["es2023", "dom", "dom.iterable"], module: "nodenext", moduleResolution: "nodenext", types: ["node"], typeRoots: [join(root, "tests/package/types/node_modules/@types")], exactOptionalPropertyTypes: true }, files: ["assignable.ts", "snippet.ts"] };
  await writeFile(join(folder, "snippet.ts"), await snippet());
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(options));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const compiler = createRequire(join(root, "tests/package/types/package.json")).resolve("typescript-5/bin/tsc");
  const { code, stdout } = await run(process.execPath, [compiler, "-p", folder], { check: false });
  assert.equal(code, 0, stdout);
});

test("in workerd, with the SDK in the bundle", async () => {
  const source = `
import { streamText, embedMany, tool, stepCountIs } from "ai";
import { z } from "zod";
import { createHuggingFace } from "hfetch/ai-sdk";
let hf;
export default {
  async fetch(request, env) {
    hf ??= createHuggingFace({ apiKey: env.HF_TOKEN, baseURL: env.BASE_URL });
    const hidden = new URL(request.url).pathname === "/cancelled";
    if (hidden) {
      const { stream } = await hf(${JSON.stringify(MODEL)}).doStream({ prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }] });
      const reader = stream.getReader();
      await reader.read();
      await reader.cancel();
      return Response.json(hf.client.snapshot().inFlight);
    }
    const weather = tool({ inputSchema: z.object({}).loose(), execute: () => "sunny" });
    const result = streamText({ model: hf(${JSON.stringify(MODEL)}), prompt: "What is the weather in Ghent?", tools: { weather }, stopWhen: stepCountIs(3) });
    const text = await result.text;
    const { embeddings } = await embedMany({ model: hf.embeddingModel("org/embedder"), values: ["a", "b"] });
    return Response.json({ text, steps: (await result.steps).map(({ finishReason }) => finishReason), rows: embeddings.length });
  },
};
export { LimitObject } from "hfetch/gateway";`;
  await writeFile(join(folder, "worker.js"), source);
  const { outputFiles: [{ text: worker }] } = await build({
    absWorkingDir: folder, entryPoints: ["worker.js"], bundle: true, format: "esm", platform: "browser", conditions: ["workerd", "worker"], write: false, logLevel: "silent",
    external: ["hfetch", "hfetch/*", "node:*", "cloudflare:*"], define: { "process.env.NODE_ENV": '"production"' },
  });
  const running = await startWorker({ pkg: packageFolder, worker, env: { HF_TOKEN: "hf_libraries", BASE_URL: `${endpoint.url}/s/workerd/v1` }, flags: ["nodejs_compat", "enable_request_signal"] });
  try {
    const { text, steps, rows } = await (await fetch(running.url)).json();
    assert.match(text, /sunny/);
    assert.deepEqual([steps, rows], [["tool-calls", "stop"], 2]);
    assert.equal(await (await fetch(`${running.url}/cancelled`)).json(), 0);
    assert.equal((await endpoint.stats("workerd", "closed")).open, 0);
  } finally {
    await running.close();
  }
});

test("the document's snippet runs as it stands", async () => {
  await writeFile(join(folder, "snippet.mjs"), await snippet());
  // The stand-in endpoint replaces the reader's router.
  const { stdout } = await run(process.execPath, [join(root, "tests/system/readme/setting/reader.mjs"), join(folder, "snippet.mjs"), endpoint.url], { cwd: folder, env: { ...process.env, HF_TOKEN: "hf_reader" } });
  assert.match(stdout, /^The tool answered: .*: 21 °C, sunny \d+ 1\n$/);
});

test("by require(), the one client of the program", () => {
  const required = createRequire(join(folder, "program.cjs"));
  const { createHuggingFace } = required("hfetch/ai-sdk");
  const { HuggingFace } = required("hfetch");
  assert.ok(createHuggingFace({ apiKey: "hf_libraries" }).client instanceof HuggingFace);
});

for (const [conditions, client, entry = "ai-sdk.js"] of [[["default"], ["index.js"]], [["workerd"], ["core.js", "workerd.js"], "ai-sdk.workerd.js"], [["edge-light"], ["core.js", "workerd.js"]], [["wintercg", "workerd"], ["index.js"]]]) {
  test(`for ${conditions.join(", ")} a bundle holds one client`, async () => {
    await writeFile(join(folder, "bundled.js"), 'export * from "hfetch/ai-sdk"; export { HuggingFace } from "hfetch";');
    const { metafile } = await build({ absWorkingDir: folder, entryPoints: ["bundled.js"], bundle: true, format: "esm", platform: "neutral", conditions, metafile: true, write: false, logLevel: "silent", external: ["*.wasm?module"] });
    const files = Object.keys(metafile.inputs).map((path) => path.split("/").at(-1)).filter((name) => name !== "bundled.js");
    assert.deepEqual(files.sort(), [...client, "ai-sdk-core.js", entry].sort());
  });
}

// A page's bundler. The code runs here without a page's address, so the module is loaded as text.
const paged = async (contents) => {
  const { outputFiles, metafile } = await build({ stdin: { contents, resolveDir: folder }, bundle: true, format: "esm", metafile: true, write: false, logLevel: "silent", outdir: folder });
  await writeFile(join(folder, "page.mjs"), outputFiles[0].contents);
  const files = Object.keys(metafile.inputs).map((path) => path.split("/").at(-1)).filter((name) => name !== "<stdin>");
  const { stdout } = await run(process.execPath, [join(folder, "page.mjs")]);
  return { files: files.sort(), printed: JSON.parse(stdout) };
};
const OF_PAGES = ["ai-sdk-core.js", "ai-sdk.browser.js", "core.js", "wasm-module.js"];
const asks = (endpoint) => `
const hf = createHuggingFace({ apiKey: "hf_page", baseURL: "${endpoint}/s/pages/v1" });
const { content } = await hf("org/model").doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }] });
const told = [content[0].text.includes("You said: Hello")];`;

test("a page that has hfetch/web, or hfetch, beside it has one client", async () => {
  for (const [entry, ...beside] of [["hfetch/web", "web.js"], ["hfetch", "index.browser.js"]]) {
    const { files, printed } = await paged(`import { HuggingFace } from "${entry}"; import { createHuggingFace } from "hfetch/ai-sdk"; ${asks(endpoint.url)}
console.log(JSON.stringify([...told, hf.client instanceof HuggingFace]));`);
    assert.deepEqual([files, printed], [[...OF_PAGES, ...beside].sort(), [true, true]], entry);
  }
});

test("a page that has none beside it gets the module with the first call", async () => {
  const { files, printed } = await paged(`import { createHuggingFace } from "hfetch/ai-sdk";
const early = (() => { try { return createHuggingFace({ apiKey: "hf_page" }).client.snapshot(); } catch (error) { return [error.name, error.hint]; } })();
${asks(endpoint.url)}
console.log(JSON.stringify([...told, early]));`);
  assert.deepEqual(files, OF_PAGES);
  assert.deepEqual(printed, [true, ["HfetchError", "Await a call before functions that give no promise."]]);
});

test("the entry adds little to a bundle, a half of it less, and whoever imports the client alone has none of it", async () => {
  const [whole, ...halves] = (await addedByAiSdk(packageFolder)).map(({ brotli }) => brotli);
  assert.ok(whole <= ADDED_BY_AI_SDK, `${whole} bytes`);
  for (const half of halves) assert.ok(half <= 0.75 * whole, `${half} of ${whole} bytes`);
  const alone = async (used) => {
    const { outputFiles: [{ contents }] } = await build({ stdin: { contents: `export { ${used} } from "hfetch/ai-sdk";`, resolveDir: folder }, bundle: true, minify: true, format: "esm", platform: "neutral", conditions: ["default"], write: false, logLevel: "silent", external: ["hfetch"] });
    return brotliCompressSync(contents).length;
  };
  // These bundles don't contain the client, in whose company their text would compress better.
  const [provider, useChat] = ["createHuggingFace, huggingface", "fromUIMessages, toUIMessageStreamResponse"];
  for (const [used, most] of Object.entries({ [provider]: 6_600, [useChat]: 6_500, [`${provider}, ${useChat}`]: 9_200 })) {
    const size = await alone(used);
    assert.ok(size <= most, `${used}: ${size} bytes`);
  }
  const client = await readFile(join(packageFolder, "dist/index.js"), "utf8");
  assert.ok(!client.includes("AI_NoSuchModelError"));
});
