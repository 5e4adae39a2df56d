// Every JavaScript snippet of the README, exactly as a reader copies it, in Node against the stand-in endpoint.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startEndpoint } from "../endpoint/server.mjs";
import { snippetsOf } from "./snippets.mjs";

const run = promisify(execFile);
const reader = fileURLToPath(new URL("reader.mjs", import.meta.url));
const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
const snippets = snippetsOf(readme);

// What a snippet has to print, where its text promises something.
const promises = {
  "Ten lines that stream": /Say hello in three languages[^]*completion_tokens/,
  "Cloudflare Workers": /^200 text\/event-stream\ndata: \{[^]*\[DONE\]/,
  "Next.js": /^200 text\/event-stream\ndata: \{/,
  "The `.wasm` as a file": /^\d+\n$/,
  Streaming: /Count to a hundred[^]*stop/,
  Errors: /^BadRequestError 400 model_not_found .*no-such\/model/,
  "Retries and timeouts": /Hi/,
  Keys: /state: 'ready'[^]*state: 'ready'/,
  Limits: /^true requests \d+/,
  "Cost and budget": /0 of 0.000001 USD/,
  "The ledger": /^alice aborted[^]*source: 'estimated'[^]*outcome: 'aborted'[^]*source: 'configured'/,
  Embeddings: /^true\n$/,
  Models: / live \d+/,
  "A provider's config file": /Hi/,
  "The logic by itself": /^0\.0003\n\d+\n2000\n\{[^]*reason: 'requests'[^]*event: 'greeting'/,
};

let endpoint, folder;

before(async () => {
  // Paced, so that a snippet which leaves its stream leaves it in the middle.
  endpoint = await startEndpoint({ pace: 15 });
  // Inside the folder where the package is installed, so that `import "hfetch"` is what a reader's is.
  folder = await mkdtemp(fileURLToPath(new URL("snippets-", import.meta.url)));
  for (const { file, code } of snippets) if (file) await writeFile(join(folder, file), code);
});

after(async () => {
  await endpoint.close();
  await rm(folder, { recursive: true, force: true });
});

for (const { language, heading, line, code } of snippets) {
  if (language !== "js") continue;
  test(`README.md:${line}: ${heading}`, async () => {
    const file = join(folder, `line-${line}.mjs`);
    await writeFile(file, code);
    const env = { ...process.env, HF_TOKEN: "hf_reader", HF_TOKENS: "hf_one,hf_two", NO_COLOR: "1" };
    const { stdout, stderr } = await run(process.execPath, [reader, file, endpoint.url], { cwd: folder, env, timeout: 20_000 });
    assert.match(stdout, promises[heading]);
    assert.equal(stderr, "");
  });
}

test("the table of the token estimate is the measured one", async () => {
  const measured = await readFile(new URL("../token/README.md", import.meta.url), "utf8");
  assert.ok(readme.includes(measured.slice(measured.indexOf("| corpus |"))));
});

test("nothing is promised that no snippet keeps", () => {
  const headings = snippets.filter(({ language }) => language === "js").map(({ heading }) => heading);
  assert.deepEqual(Object.keys(promises).sort(), [...new Set(headings)].sort());
});
