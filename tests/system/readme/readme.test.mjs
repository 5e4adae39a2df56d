// Runs every snippet of the README and of docs, exactly as a reader copies it, in the runtimes for which it is meant, against the stand-in endpoint.
// (`npm run test:bundlers` builds and runs those for Vite and Next, tests/system/libraries/react.test.mjs those for React, ai-sdk.places.test.mjs those for the AI SDK,
// snippets.test.mjs those for other libraries, and deploy.test.mjs and mount.test.mjs of tests/system/gateway those for the gateway.)

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { NotRun } from "../../../scripts/report.mjs";
import { ci, root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";
import { hosts, newProject } from "./setting/hosts.mjs";
import { allSnippets, anchorsOf, documents } from "./setting/snippets.mjs";

const snippets = (await allSnippets()).filter(({ language }) => ["js", "html", "json"].includes(language));
const answer = /You said: Say hello in three languages\.\s+That is all this endpoint can say about it\./;
const PAGE = "A page with its visitor's own token";

// By document: the kind of snippet under a heading, and what it must print if its text promises something.
const promises = {
  "README.md": {
    "Ten lines that stream": ["program", /Say hello in three languages[^]*completion_tokens/],
  },
  "docs/ai-sdk.md": {
    "useChat without the AI SDK on the server": ["program", /^200 text\/event-stream\ndata: \{"type":"start"\}[^]*"type":"text-delta"[^]*"type":"finish","finishReason":"stop"[^]*\[DONE\][^]*\n200 text\/event-stream\n[^]*"type":"error","errorText":"There are too many requests/],
  },
  "docs/completions.md": { "Text completions": ["program", /^ and so on, said The quick brown fox\.stop \d+\n$/] },
  "docs/config-file.md": { "A COO-LLM config file": ["program", /Hi/] },
  "docs/embeddings.md": {
    Embeddings: ["program", /^true\n$/],
    Reranking: ["program", /^[\d.]+ The sun shines in Ghent today\.\n[\d.]+ Ghent has canals\.\n$/],
  },
  "docs/errors.md": { Errors: ["program", /^BadRequestError 400 model_not_found .*no-such\/model/] },
  "docs/hosts.md": {
    [PAGE]: ["page", answer],
    "From a CDN": ["cdn", answer],
    "A page behind your gateway": ["gateway", answer],
    "A page that loads at once": ["gateway", answer],
    "Cloudflare Workers": ["worker", /^200 text\/event-stream\ndata: \{[^]*\[DONE\][^]*\n429 60\nRateLimitError\n404 null Not found\n404 null Not found\n404 null Not found\n400 false SyntaxError\n400 false ConfigError\n/],
    "Next.js": ["program", /^200 text\/event-stream\ndata: \{[^]*\n429 60\nRateLimitError\n400 false\n/],
    "The `.wasm` as a file": ["program", /^\d+\n$/],
  },
  "docs/keys.md": { Keys: ["program", /state: ["']ready["'][^]*state: ["']ready["']/] },
  "docs/limits-and-budget.md": {
    Limits: ["program", /^true requests \d+/],
    "Cost and budget": ["program", /0 of 0.000001 USD/],
    "The ledger": ["program", /^alice aborted[^]*source: ["']estimated["'][^]*outcome: ["']aborted["'][^]*source: ["']configured["']/],
  },
  "docs/logic.md": { "The logic by itself": ["program", /^0\.0003\n\d+\n2000\n\{[^]*reason: ["']requests["'][^]*event: ["']greeting["']/] },
  "docs/models.md": { Models: ["program", / live \d+/] },
  "docs/retries-and-timeouts.md": { "Retries and timeouts": ["program", /Hi/] },
  "docs/routes.md": {
    Routes: ["program", /^zai-org\/GLM-4\.6 zai-org live 0\nzai-org\/GLM-4\.6:zai-org \{[^]*\} fits\nzai-org\/GLM-4\.6:novita \{[^]*\} maxFirstTokenMs\n$/],
  },
  "docs/streaming.md": {
    Streaming: ["program", /Count to a hundred[^]*stop/],
    Images: ["program", /^You said: What colour is this\?/],
  },
  "docs/testing.md": {
    "A fetch function of your own": ["tests", /^# pass 4\n# fail 0$/m],
    "An app that makes its own client": ["tests", /^# pass 1\n# fail 0$/m],
    "A server on your machine": ["tests", /^# pass 1\n# fail 0$/m],
  },
  "docs/tools.md": {
    Tools: ["program", /^weather \{"city":[^]*\nThe tool answered: What is the weather in Ghent\?: 21 °C, sunny\n$/],
    "JSON by a schema": ["program", /^who wrote faust\?\n$/i],
    "JSON while it arrives": ["program", /^\{\s+answer: [^]*Who wrote Faust\?["'],?\s+\}\n$/],
  },
};
// Parts of a project that only its own tools can run.
const builtElsewhere = {
  "README.md": ["A page whose token stays secret", "Keep your library"],
  "docs/ai-sdk.md": ["The AI SDK"],
  "docs/gateway.md": ["Deploy your own gateway in five minutes", "Tickets for pages", "Beside your own routes", "Your own rules"],
  "docs/hosts.md": ["Vite"],
  "docs/react.md": ["The page", "The route"],
  "docs/migrate.md": ["Keep your library"],
};

let endpoint, project;

before(async () => {
  // The endpoint pauses between words, so that a snippet that leaves its stream does so in the middle.
  endpoint = await startEndpoint({ pace: 15 });
  const files = snippets.filter(({ file }) => file);
  project = await newProject(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), files);
});

after(async () => {
  await endpoint.close();
  await project.close();
});

for (const { document, language, heading, line, code } of snippets) {
  if (language === "json" || builtElsewhere[document]?.includes(heading)) continue;
  const [kind, expected] = promises[document]?.[heading] ?? assert.fail(`nothing is said of what "${heading}" of ${document} prints`);
  for (const [host, show] of Object.entries(hosts[kind])) {
    test(`${document}:${line}: ${heading}, in ${host}`, async (t) => {
      const page = snippets.find((snippet) => snippet.heading === PAGE).code;
      const printed = await show({ line, code, page, endpoint, folder: project.folder }).catch((error) => {
        if (ci || !(error instanceof NotRun)) throw error;
        t.skip(error.message);
        return null;
      });
      if (printed === null) return;
      assert.match(printed, expected);
      const { headers } = await endpoint.stats("default");
      if (headers.length) assert.match(headers.at(-1).authorization, /^Bearer hf_(reader|one|two)$/);
    });
  }
}

test("the stand-in server of docs/testing.md answers whole and streamed, and pages too", async (t) => {
  const [{ code }] = (await allSnippets()).filter(({ file }) => file === "stand-in.mjs");
  const { HuggingFace } = await import(pathToFileURL(join(project.folder, "node_modules/hfetch/dist/index.js")).href);
  const file = join(project.folder, "stand-in.mjs");
  const told = 'listen(0, "127.0.0.1", function () { console.log(this.address().port); })';
  await writeFile(file, code.replace('listen(9100, "127.0.0.1")', told));
  const server = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => server.kill());
  const [port] = await once(server.stdout, "data");
  const baseURL = `http://127.0.0.1:${String(port).trim()}/v1`;
  const hf = new HuggingFace({ baseURL, model: "org/model" });
  const messages = [{ role: "user", content: "Good morning, all of you" }];
  const whole = await hf.chat.completions.create({ messages });
  const stream = await hf.chat.completions.create({ messages, stream: true });
  const streamed = await stream.final();
  for (const { choices, usage } of [whole, streamed]) assert.deepEqual([choices[0].message.content, choices[0].finish_reason, usage.total_tokens], ["You said: Good morning, all of you", "stop", 20]);
  const preflight = await fetch(`${baseURL}/chat/completions`, { method: "OPTIONS" });
  assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [204, "*"]);
  assert.equal((await fetch(`${baseURL}/chat/completions`, { method: "POST", body: "no JSON" })).status, 400);
});

test("the table of the token estimate is the measured one", async () => {
  const measured = await readFile(new URL("../../token/README.md", import.meta.url), "utf8");
  const shown = await readFile(join(root, "docs/limits-and-budget.md"), "utf8");
  assert.ok(shown.includes(measured.slice(measured.indexOf("| corpus |"))));
});

test("the gateway and the page of README.md are those of docs, which are run", () => {
  const [worker, page] = snippets.filter(({ document, heading }) => document === "README.md" && heading === "A page whose token stays secret").map(({ code }) => code);
  const isShown = (name, part) => snippets.some(({ document, code }) => document === name && code.includes(part));
  assert.ok(isShown("docs/gateway.md", worker) && isShown("docs/hosts.md", page.split("\n").find((line) => line.startsWith("const hf"))));
});

test("nothing is promised that no snippet keeps", () => {
  const places = (byDocument, headings) => Object.entries(byDocument).flatMap(([document, of]) => headings(of).map((heading) => `${document}: ${heading}`));
  const shown = snippets.filter(({ language }) => language !== "json").map(({ document, heading }) => `${document}: ${heading}`);
  assert.deepEqual([...places(promises, Object.keys), ...places(builtElsewhere, (headings) => headings)].sort(), [...new Set(shown)].sort());
});

test("every option and every error class has its place in a document", async () => {
  const types = await readFile(join(root, "pkg-template/hfetch.d.ts"), "utf8");
  const textOf = (name) => readFile(join(root, name), "utf8");
  const [, options] = /export interface HuggingFaceOptions \{([^]*?)\n\}/.exec(types);
  const [, ofCall] = /export interface RequestOptions \{([^]*?)\n\}/.exec(types);
  const names = [...`${options}${ofCall}`.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name).filter((name) => name !== "dangerouslyAllowBrowser");
  const classes = [...types.matchAll(/^export class (\w+Error) /gm)].map(([, name]) => name);
  assert.ok(names.length > 20 && classes.length > 20);
  const missing = async (document, words) => ((text) => words.filter((word) => !text.includes(`\`${word}\``)))(await textOf(document));
  assert.deepEqual([await missing("docs/README.md", names), await missing("docs/errors.md", classes)], [[], []]);
});

test("every path that the documents name is there", async () => {
  const contributing = { name: "CONTRIBUTING.md", text: await readFile(join(root, "CONTRIBUTING.md"), "utf8") };
  const named = [contributing, ...(await documents())].flatMap(({ name, text }) => [...text.matchAll(/`((?:src|tests|scripts|docs|www|pkg-template)\/[\w./-]+)`/g)].map(([, path]) => ({ name, path })));
  assert.ok(named.length > 10);
  const missing = await Promise.all(named.map(async ({ name, path }) => access(join(root, path)).then(() => [], () => [`${name} names ${path}`])));
  assert.deepEqual(missing.flat(), []);
});

test("every link between the documents leads to a file and a heading that there are", async () => {
  const more = ["CONTRIBUTING.md", "docs/example-chat/README.md"].map(async (name) => ({ name, text: await readFile(join(root, name), "utf8") }));
  const wrong = [];
  for (const { name, text } of [...(await documents()), ...(await Promise.all(more))]) {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path, anchor] = target.split("#");
      const there = path ? await readFile(join(root, dirname(name), path), "utf8").catch(() => null) : text;
      if (there === null || (anchor && !anchorsOf(there).includes(anchor))) wrong.push(`${name} links to ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});
