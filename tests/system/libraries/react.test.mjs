// The hook, the chat and the page of docs/react.md as a reader copies them, in React in Chromium. Their route is the one of docs/hosts.md, with the stand-in endpoint
// behind it.

import assert from "node:assert/strict";
import { cp, mkdtemp, rm, symlink, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { browsers, chromiumFlags } from "../../../scripts/browser.mjs";
import { root } from "../../../scripts/run.mjs";
import { serve } from "../../../scripts/serve.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";
import { allSnippets } from "../readme/setting/snippets.mjs";

const pkg = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const ROUTER = "https://router.huggingface.co";
const snippets = await allSnippets();
const fileOf = (document, name) => snippets.find((each) => each.document === document && each.file === name).code;

// A component that is mounted and unmounted: the hook alone, in a page of its own.
const COMING_AND_GOING = `
import { createRoot } from "react-dom/client";
import { HuggingFace } from "hfetch/web";
import { useConversation } from "./use-conversation";
const hf = new HuggingFace({ baseURL: "/api", model: "org/model" });
function Component() {
  const { messages, send } = useConversation(() => hf);
  return <button onClick={() => send("Go on")}>{messages.at(-1)?.content ?? "Ask"}</button>;
}
const root = createRoot(document.getElementById("root"));
root.render(<Component />);
window.leave = () => root.unmount();
`;

let endpoint, site, browser, folder, page;
const problems = [];
/** The errors on the page's console: what it logs, and what could not be loaded. */
const complaints = [];

/** The route of docs/hosts.md as a handler of Node's server. Its requests to the router go to the stand-in endpoint. */
async function route() {
  await writeFile(join(folder, "route.mjs"), fileOf("docs/hosts.md", "app/api/chat/completions/route.js"));
  process.env.HF_TOKEN = "hf_reader";
  const send = globalThis.fetch;
  globalThis.fetch = (url, init) => send(String(url).replace(ROUTER, `${endpoint.url}/s/page`), init);
  const { POST } = await import(pathToFileURL(join(folder, "route.mjs")).href);
  return async (request, response) => {
    const left = new AbortController();
    response.once("close", () => response.writableFinished || left.abort());
    const asked = new Request(`http://localhost${request.url}`, { method: "POST", body: Readable.toWeb(request), duplex: "half", signal: left.signal });
    const answer = await POST(asked).catch(() => new Response(null, { status: 500 }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body) Readable.fromWeb(answer.body).on("error", () => response.destroy()).pipe(response);
    else response.end();
  };
}

before(async () => {
  const { build } = await import("esbuild");
  folder = await mkdtemp(join(tmpdir(), "hfetch-react-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(pkg, join(folder, "node_modules/hfetch"));
  for (const name of ["use-conversation.jsx", "chat.jsx", "main.jsx"]) await writeFile(join(folder, name), fileOf("docs/react.md", name));
  await writeFile(join(folder, "component.jsx"), COMING_AND_GOING);
  const options = { bundle: true, format: "esm", splitting: true, jsx: "automatic", define: { "process.env.NODE_ENV": '"development"' }, logLevel: "silent" };
  const entryPoints = ["main", "component"].map((name) => join(folder, `${name}.jsx`));
  await build({ ...options, nodePaths: [join(root, "tests/system/libraries/node_modules")], entryPoints, outdir: join(folder, "out") });
  const [, copy] = /^cp (node_modules\/\S+) public\/$/m.exec(snippets.find(({ document, language, code }) => document === "docs/react.md" && language === "sh" && code.includes("esbuild")).code);
  await cp(join(folder, copy), join(folder, "out", copy.split("/").at(-1)));
  const html = fileOf("docs/react.md", "public/index.html");
  for (const name of ["main", "component"]) await writeFile(join(folder, "out", `${name}.html`), html.replace("main.js", `${name}.js`));
  endpoint = await startEndpoint({ pace: 0 });
  site = await serve({ folders: { "/": join(folder, "out") }, routes: { "/api/chat/completions": await route() } });
  browser = await chromium.launch({ executablePath: await browsers.Chromium.find(), args: chromiumFlags });
});
after(async () => {
  await browser?.close();
  await site?.close();
  await endpoint?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await page?.close();
  problems.length = 0;
  complaints.length = 0;
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (line) => line.type() === "error" && !line.location().url.endsWith("/favicon.ico") && complaints.push(line.text()));
});

const chunk = (delta, finish_reason = null) => ({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] });
const answer = (...texts) => ({ sse: [...texts.map((content) => chunk({ content })), chunk({}, "stop")], done: true });
// A minute of text: Chromium buffers up to five seconds of what a page no longer reads before it closes the connection.
const long = () => ({ ...answer(...Array.from({ length: 3_000 }, (_, at) => `word${at} `)), delayMs: 20 });
const shown = (selector) => page.locator(selector).allInnerTexts();

async function open(name) {
  await page.goto(`${site.url}/${name}.html`);
  await page.waitForSelector("button");
}

async function say(text) {
  await page.fill("input", text);
  await page.click("button");
}

test("the answer is shown, and the next question has the conversation so far", async () => {
  endpoint.script("page", [answer("Good ", "morning."), answer("Still here.")]);
  await open("main");
  await say("Hello");
  await page.waitForFunction(() => document.querySelector("p.assistant")?.innerText === "Good morning." && document.querySelector("button").innerText === "Send");
  await say("And now?");
  await page.waitForFunction(() => [...document.querySelectorAll("p.assistant")].at(-1)?.innerText === "Still here.");
  const { bodies } = await endpoint.stats("page", "closed");
  assert.deepEqual(bodies.at(-1).messages, [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Good morning." },
    { role: "user", content: "And now?" },
  ]);
  assert.deepEqual([...problems, ...complaints], []);
});

test("the button stops the answer: what came is kept, no error is shown, and the call to the model ends", async () => {
  endpoint.script("page", [long(), answer("Good.")]);
  await open("main");
  await say("Go on for long");
  await page.waitForFunction(() => /word5 /.test(document.querySelector("p.assistant")?.innerText ?? ""));
  // With the keyboard: the button moves down with each new line of the answer, so a click may begin on it and end next to it.
  await page.locator("button").press("Enter");
  const stats = await endpoint.stats("page", "disconnected:1");
  assert.deepEqual([stats.disconnected, stats.open], [1, 0]);
  await page.waitForFunction(() => document.querySelector("button").innerText === "Send");
  assert.match((await shown("p.assistant"))[0], /^word0 word1 /);
  assert.deepEqual([await shown("[role=alert]"), await page.inputValue("input"), complaints], [[], "", []]);
  await say("Thank you");
  await page.waitForFunction(() => [...document.querySelectorAll("p.assistant")].at(-1)?.innerText === "Good.");
  assert.deepEqual(problems, []);
});

test("a component that leaves the page ends its call", async () => {
  endpoint.script("page", [long()]);
  await open("component");
  await page.click("button");
  await page.waitForFunction(() => /word5 /.test(document.querySelector("button").innerText));
  await page.evaluate(() => window.leave());
  const stats = await endpoint.stats("page", "disconnected:1");
  assert.deepEqual([stats.disconnected, stats.open], [1, 0]);
  assert.deepEqual(problems, []);
});

test("a question that is asked during an answer ends that answer, and is answered itself", async () => {
  endpoint.script("page", [long(), answer("Second.")]);
  await open("component");
  await page.click("button");
  await page.waitForFunction(() => /word5 /.test(document.querySelector("button").innerText));
  await page.locator("button").press("Enter");
  await page.waitForFunction(() => document.querySelector("button").innerText === "Second.");
  const { disconnected, bodies } = await endpoint.stats("page", "disconnected:1");
  assert.equal(disconnected, 1);
  assert.deepEqual(bodies.at(-1).messages.map(({ role }) => role), ["user", "assistant", "user"]);
  assert.deepEqual(problems, []);
});

test("a question without an answer is given back, and is not sent again with the next one", async () => {
  endpoint.script("page", [{ status: 400, json: { error: { message: "no" } } }, { stallBeforeHeaders: true }, answer("Good.")]);
  await open("main");
  await say("Hello");
  await page.waitForSelector("[role=alert]");
  assert.deepEqual([await page.inputValue("input"), await shown("p.user")], ["Hello", []]);
  // Stopped before the first word.
  await say("Hello again");
  await endpoint.stats("page", "requests:2");
  await page.click("button");
  await page.waitForFunction(() => document.querySelector("input").value === "Hello again");
  await say("Good morning");
  await page.waitForFunction(() => document.querySelector("p.assistant")?.innerText === "Good.");
  const { bodies } = await endpoint.stats("page", "closed");
  assert.deepEqual(bodies.at(-1).messages, [{ role: "user", content: "Good morning" }]);
  assert.deepEqual(problems, []);
});

test("a call that fails is tried again by the route alone", async () => {
  endpoint.script("page", Array.from({ length: 9 }, () => ({ status: 500, json: { error: { message: "no" } } })));
  await open("main");
  await say("Hello");
  await page.waitForSelector("[role=alert]");
  assert.deepEqual(await shown("[role=alert]"), ["There is no answer just now. Please try again later."]);
  assert.equal((await endpoint.stats("page", "closed")).requests, 3);
});

// This test is the last, since the route's client keeps the pause.
test("what the route refuses is said in the visitor's words, and the developer finds the error on the console", async () => {
  endpoint.script("page", [{ status: 429, headers: { "retry-after": "60" }, json: { error: { message: "slow down" } } }]);
  await open("main");
  await say("Hello");
  await page.waitForSelector("[role=alert]");
  assert.deepEqual(await shown("[role=alert]"), ["There are too many questions just now. Please wait 60 seconds."]);
  assert.match(complaints.join("\n"), /RateLimitError/);
  assert.deepEqual(problems, []);
});
