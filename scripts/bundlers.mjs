// npm run test:bundlers [-- --only part,part] [--all]: sends the packed package through every bundler, and loads and runs each result. The engines are those
// of `npm test`, so the short list of scenarios is enough; --all, before a release, runs the whole list and the bundlers' second ways of building.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { browsers, chromiumFlags } from "./browser.mjs";
import { builtPackage } from "./build.mjs";
import { installPacked } from "./install.mjs";
import { Report } from "./report.mjs";
import { main, npmInstall, root, run, Stop } from "./run.mjs";
import { pageResults } from "./runtimes.mjs";
import { counted, ScenarioTable } from "./scenario-table.mjs";
import { serve } from "./serve.mjs";
import { sideBySide } from "./side-by-side.mjs";
import { allSnippets } from "../tests/system/readme/setting/snippets.mjs";

const BUNDLERS = join(root, "tests/system/bundlers");
// Inside the bundlers' folder, so that the bundled code may use what is installed there (react).
const OUT = join(BUNDLERS, "out");
const START_LIMIT = 60_000;
const AT_ONCE = 2;
const ROUTER = "https://router.huggingface.co";
// Next 16.4.6 with webpack builds no edge route at all, not even an empty one.
const NEXT_BUILDS = [{ flag: "--turbopack", routes: ["node", "edge"] }, { flag: "--webpack", routes: ["node"], second: true }];

const table = new ScenarioTable();

async function bundled(name, bundle, { endpoint, list }, app = ".") {
  const built = await bundle(join(OUT, "tests/system/bundlers", app), join(OUT, "built", name));
  const server = typeof built === "string" ? await serve({ folders: { "/": built } }) : built;
  try {
    return table.add(name, await pageResults("Chromium", `${server.url}/index.html`, endpoint, list), list);
  } finally {
    await server.close();
  }
}

/** Several entries in one page. */
async function together(name, bundle, endpoint) {
  const built = await bundle(join(OUT, "tests/system/bundlers/together"), join(OUT, "built", `${name}-together`));
  const server = typeof built === "string" ? await serve({ folders: { "/": built } }) : built;
  try {
    return counted(await pageResults("Chromium", `${server.url}/index.html`, endpoint));
  } finally {
    await server.close();
  }
}

/** Vite's dev server with a page whose module is edited on disk while it runs. */
async function edited(viteServer, endpoint) {
  const app = join(OUT, "tests/system/bundlers/hot");
  const file = join(app, "client.mjs");
  const edit = async (request, response) => {
    await writeFile(file, (await readFile(file, "utf8")).replace("edition = 1", "edition = 2"));
    response.end();
  };
  const plugin = { name: "edit", configureServer: ({ middlewares }) => void middlewares.use("/edit", edit) };
  const server = await viteServer(app, { plugins: [plugin] });
  try {
    return counted(await pageResults("Chromium", `${server.url}/index.html`, endpoint));
  } finally {
    await server.close();
  }
}

/** The documented way of developing with Vite, unchanged: the token stays in the dev server. */
async function readmeVite(viteServer, snippets, endpoint) {
  const app = join(OUT, "tests/system/readme/vite");
  const visitor = await readFile(join(OUT, "tests/system/readme/setting/visitor.js"), "utf8");
  await mkdir(app, { recursive: true });
  for (const { file, code } of snippets) await writeFile(join(app, file), code.replace(ROUTER, endpoint.url));
  await writeFile(join(app, "index.html"), `<!doctype html><script>${visitor}</script><body></body><script type="module" src="main.js"></script>\n`);
  process.env.HF_TOKEN = "hf_reader";
  const server = await viteServer(app);
  try {
    const shown = await pageResults("Chromium", `${server.url}/index.html`, endpoint.url);
    const { headers } = await endpoint.stats("default");
    const text = await (await fetch(`${server.url}/main.js`)).text();
    return counted([
      { name: "the page shows the answer", ok: shown.includes("You said: Say hello in three languages."), error: shown },
      { name: "the dev server sends the token", ok: headers.at(-1).authorization === "Bearer hf_reader", error: JSON.stringify(headers.at(-1)) },
      { name: "the page never gets it", ok: !text.includes("hf_reader"), error: text },
    ]);
  } finally {
    delete process.env.HF_TOKEN;
    await server.close();
  }
}

/** Does what the Worker does: asks with the token. */
async function passOn(request, response, url) {
  const answer = await fetch(url, { method: "POST", headers: { authorization: "Bearer hf_reader" }, body: Readable.toWeb(request), duplex: "half" });
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
  Readable.fromWeb(answer.body).pipe(response);
}

/** The documented chat in React as a Vite project, whose server passes the page's calls to the Worker's address. */
async function readmeReact(viteServer, endpoint) {
  const app = join(OUT, "tests/system/readme/react");
  await mkdir(join(app, "src"), { recursive: true });
  const worker = await serve({ folders: {}, routes: { "/api/chat/completions": (request, response) => passOn(request, response, `${endpoint.url}/v1/chat/completions`) } });
  const files = (await allSnippets()).filter(({ document, file }) => document === "docs/react.md" && file && !file.startsWith("app/"));
  for (const { file, language, code } of files) {
    if (language === "jsx") await writeFile(join(app, "src", file), code);
    else if (language === "html") await writeFile(join(app, "index.html"), code.replace("main.js", "src/main.jsx"));
    else await writeFile(join(app, file), code.replace("http://localhost:8787", worker.url));
  }
  const server = await viteServer(app);
  try {
    return await readmeChat(`${server.url}/index.html`);
  } finally {
    await Promise.all([server.close(), worker.close()]);
  }
}

/** The documented route for Next, in Node and on the edge: unchanged except for a first line that leads it to the stand-in endpoint. */
async function addReadmeRoutes(app, [{ code }]) {
  for (const [name, lastLine] of [["node", ""], ["edge", 'export const runtime = "edge";\n']]) {
    const folder = join(app, "app/api/chat", name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "route.js"), `import "../../stand-in.js";\n${code}${lastLine}`);
  }
}

/** The documented chat in React as a page of Next, with its route. */
async function addReadmeChat(app, [{ code: route }]) {
  const chat = (await allSnippets()).filter(({ document, file }) => document === "docs/react.md" && file !== "main.jsx" && file !== "vite.config.js");
  await mkdir(join(app, "app/chat"), { recursive: true });
  for (const { file, code } of chat.filter(({ language }) => language === "jsx")) await writeFile(join(app, "app/chat", basename(file)), code);
  await mkdir(join(app, "app/api/chat/completions"), { recursive: true });
  await writeFile(join(app, "app/api/chat/completions/route.js"), `import "../../stand-in.js";\n${route}`);
}

async function readmeChat(url) {
  const browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    await page.goto(url);
    const said = page.getByText("That is all this endpoint can say about it.");
    // Text that is typed before React has taken over the page is lost.
    for (let tries = 0; tries < 20 && !(await page.locator("p.user").count()); tries += 1) {
      await page.fill("input", "Say hello in three languages.");
      await page.click("button");
      await page.locator("p.user").waitFor({ timeout: 1000 }).catch(() => {});
    }
    await said.waitFor();
    const text = await page.locator("p.assistant").innerText();
    return counted([{ name: "the page shows the answer", ok: text.includes("Say hello in three languages.") && !errors.length, error: [text, ...errors].join("\n") }]);
  } finally {
    await browser.close();
  }
}

async function readmeNext(url) {
  const body = JSON.stringify({ messages: [{ role: "user", content: "Hello." }] });
  const response = await fetch(url, { method: "POST", body });
  const text = await response.text();
  const ok = response.headers.get("content-type") === "text/event-stream" && text.startsWith("data: {") && text.includes("[DONE]");
  return counted([{ name: "the route streams", ok, error: `${response.status} ${text}` }]);
}

/** The gateway among Next's routes: a whole answer, a stream, and a path that doesn't exist. */
async function gatewayNext(url) {
  const ask = (path, body) => fetch(`${url}/api/ai${path}`, body && { method: "POST", headers: { authorization: "Bearer a-key-of-this-gateway" }, body: JSON.stringify(body) });
  const body = { model: "meta-llama/Llama-3.1-8B-Instruct", messages: [{ role: "user", content: "Hello." }] };
  const whole = await (await ask("/v1/chat/completions", body)).text();
  const stream = await (await ask("/v1/chat/completions", { ...body, stream: true })).text();
  const health = await (await ask("/healthz")).text();
  const missing = await (await ask("/chat/completions", body)).text();
  return counted([
    { name: "it answers", ok: whole.includes("You said: Hello."), error: whole },
    { name: "it streams", ok: stream.startsWith("data: {") && stream.endsWith("data: [DONE]\n\n"), error: stream },
    { name: "it is well", ok: health === '{"status":"ok"}', error: health },
    { name: "it says where it is", ok: missing.includes("/api/ai/v1/chat/completions is meant"), error: missing },
  ]);
}

const TRACED = `import { createRequire } from "node:module";
import { HuggingFace, estimateTokens } from "hfetch";
import { gateway } from "hfetch/gateway";
const required = createRequire(import.meta.url)("hfetch");
console.log([estimateTokens("hello") > 0, required.HuggingFace === HuggingFace, typeof gateway].join());
`;

/** A deployed program runs in Node, which may choose other files of the package than the tracer: by `exports` alone (Nitro), or with other conditions. */
async function traced(trace) {
  const results = [];
  await writeFile(join(OUT, "traced.mjs"), TRACED);
  for (const exportsOnly of [false, true]) {
    const deployed = await mkdtemp(join(tmpdir(), "hfetch-traced-"));
    try {
      await trace(OUT, "traced.mjs", deployed, { exportsOnly });
      const { stdout, stderr } = await run(process.execPath, [join(deployed, "traced.mjs")], { cwd: deployed, check: false });
      results.push({ name: `exportsOnly: ${exportsOnly}`, ok: stdout === "true,true,function\n", error: stdout + stderr });
    } finally {
      await rm(deployed, { recursive: true, force: true });
    }
  }
  return counted(results);
}

async function startNext({ next, env }, app) {
  const child = spawn(process.execPath, [next, "start", app, "--port", "0", "--hostname", "127.0.0.1"], { cwd: app, env, detached: true });
  let output = "";
  const url = new Promise((resolve, reject) => {
    const read = (data) => {
      output += data;
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
      if (found && /Ready/.test(output)) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Stop(`next start ended with ${code}\n${output}`)));
    setTimeout(() => reject(new Stop(`next start was not ready within ${START_LIMIT / 1000} s\n${output}`)), START_LIMIT).unref();
  });
  const close = async () => {
    if (child.exitCode !== null) return;
    process.kill(-child.pid, "SIGKILL");
    await once(child, "exit");
  };
  return { url: await url.catch(async (error) => Promise.reject(await close().then(() => error))), close };
}

async function nextParts(report, buildNext, { flag, routes }, { endpoint, list }, snippets) {
  const app = join(OUT, "tests/system/bundlers/next");
  const named = (name) => `next-${name}${flag === "--webpack" ? "-webpack" : ""}`;
  const part = (name, work) => report.part(named(name), work);
  let server;
  await part("build", async () => {
    await rm(join(app, ".next"), { recursive: true, force: true });
    await addReadmeRoutes(app, snippets);
    await addReadmeChat(app, snippets);
    for (const route of ["node", "edge"]) {
      if (!routes.includes(route)) for (const folder of ["app/api", "app/api/chat"]) await rm(join(app, folder, route), { recursive: true });
    }
    const { next, env } = await buildNext(app, flag);
    server = await startNext({ next, env: { ...env, HF_TOKEN: "hf_reader", STAND_IN: endpoint } }, app);
    return { passed: 1, failed: 0 };
  });
  if (!server) return;
  try {
    await part("client", async () => table.add(named("client"), await pageResults("Chromium", `${server.url}/`, endpoint, list), list));
    await part("chat-readme", () => readmeChat(`${server.url}/chat`));
    await part("client-web", async () => table.add(named("client-web"), await pageResults("Chromium", `${server.url}/web`, endpoint, list), list));
    await part("gateway", () => gatewayNext(server.url));
    for (const route of routes) {
      await part(route, async () => {
        const answer = await fetch(`${server.url}/api/${route}?${new URLSearchParams({ endpoint, list })}`);
        if (!answer.ok) throw new Stop(`the route answered ${answer.status}: ${(await answer.text()).slice(0, 2000)}`);
        return table.add(named(route), await answer.json(), list);
      });
      await part(`${route}-readme`, () => readmeNext(`${server.url}/api/chat/${route}`));
    }
  } finally {
    await server.close();
  }
}

async function command() {
  const { values } = parseArgs({ options: { only: { type: "string" }, all: { type: "boolean", default: false } } });
  const report = new Report(values.only?.split(","));
  const out = await builtPackage();
  await npmInstall(BUNDLERS);
  await rm(OUT, { recursive: true, force: true });
  await installPacked(out, OUT);
  for (const name of ["main.mjs", "index.html", "hot", "next", "together", "web"]) await cp(join(BUNDLERS, name), join(OUT, "tests/system/bundlers", name), { recursive: true });
  const snippets = (await allSnippets()).filter(({ document }) => document === "docs/hosts.md");
  const under = (title) => snippets.filter(({ heading }) => heading === title);
  const { bundlers, buildNext, trace, viteServer } = await import("../tests/system/bundlers/bundle.mjs");
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const endpoint = await startEndpoint();
  const context = { endpoint: endpoint.url, list: values.all ? "whole" : "short" };
  try {
    // No bundler runs twice at the same time in its own cache.
    const jobs = [["", "."], ["-web", "web"]].flatMap(([ending, app]) =>
      Object.entries(bundlers).map(([bundler, bundle]) => () => report.part(bundler + ending, () => bundled(bundler + ending, bundle, context, app))));
    // These four bundlers recognise by themselves that they build for pages.
    for (const name of ["vite", "vite-dev", "webpack", "esbuild"]) jobs.push(() => report.part(`${name}-together`, () => together(name, bundlers[name], endpoint.url)));
    await sideBySide(jobs, AT_ONCE);
    await report.part("traced", () => traced(trace));
    await report.part("vite-edited", () => edited(viteServer, endpoint.url));
    await report.part("vite-readme", () => readmeVite(viteServer, under("Vite"), endpoint));
    await report.part("vite-react-readme", () => readmeReact(viteServer, endpoint));
    for (const way of NEXT_BUILDS.filter(({ second }) => values.all || !second)) await nextParts(report, buildNext, way, context, under("Next.js"));
  } finally {
    await endpoint.close();
  }
  await table.write(join(root, "target/bundlers"));
  report.finish();
}

await main(command, import.meta.url);
