// Every snippet of the README, exactly as a reader copies it, in the runtimes it is for, against the stand-in endpoint.
// (Vite's and Next's are built and run by `npm run test:bundlers`, the AI SDK's by tests/libraries/ai-sdk.places.test.mjs, the gateway's by tests/gateway/deploy.test.mjs.)

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { NotRun } from "../../scripts/report.mjs";
import { ci, root } from "../../scripts/run.mjs";
import { startEndpoint } from "../endpoint/server.mjs";
import { hosts, newProject } from "./hosts.mjs";
import { snippetsOf } from "./snippets.mjs";

const readme = await readFile(join(root, "README.md"), "utf8");
const snippets = snippetsOf(readme).filter(({ language }) => ["js", "html", "json"].includes(language));
const answer = /You said: Say hello in three languages\.\s+That is all this endpoint can say about it\./;

// What kind of snippet stands under a heading, and what it has to print, where its text promises something.
const promises = {
  "Ten lines that stream": ["program", /Say hello in three languages[^]*completion_tokens/],
  "A page with its visitor's own token": ["page", answer],
  "From a CDN": ["cdn", answer],
  "A page behind your gateway": ["gateway", answer],
  "A page that loads at once": ["gateway", answer],
  "Cloudflare Workers": ["worker", /^200 text\/event-stream\ndata: \{[^]*\[DONE\][^]*\n429 60\nRateLimitError\n/],
  "Next.js": ["program", /^200 text\/event-stream\ndata: \{[^]*\n429 60\nRateLimitError\n/],
  "The `.wasm` as a file": ["program", /^\d+\n$/],
  Streaming: ["program", /Count to a hundred[^]*stop/],
  Tools: ["program", /^weather \{"city":[^]*\nThe tool answered: What is the weather in Ghent\?: 21 °C, sunny\n$/],
  "JSON by a schema": ["program", /^Who wrote Faust\?\n$|^\{\s+answer: [^]*Who wrote Faust\?["'],?\s+\}\n$/],
  Images: ["program", /^You said: What colour is this\?/],
  Errors: ["program", /^BadRequestError 400 model_not_found .*no-such\/model/],
  "Retries and timeouts": ["program", /Hi/],
  Routes: ["program", /^zai-org\/GLM-4\.6 zai-org live 0\nzai-org\/GLM-4\.6:zai-org \{[^]*\} fits\nzai-org\/GLM-4\.6:novita \{[^]*\} maxFirstTokenMs\n$/],
  Keys: ["program", /state: ["']ready["'][^]*state: ["']ready["']/],
  Limits: ["program", /^true requests \d+/],
  "Cost and budget": ["program", /0 of 0.000001 USD/],
  "The ledger": ["program", /^alice aborted[^]*source: ["']estimated["'][^]*outcome: ["']aborted["'][^]*source: ["']configured["']/],
  "Text completions": ["program", /^ and so on, said The quick brown fox\.stop \d+\n$/],
  Embeddings: ["program", /^true\n$/],
  Reranking: ["program", /^[\d.]+ The sun shines in Ghent today\.\n[\d.]+ Ghent has canals\.\n$/],
  Models: ["program", / live \d+/],
  "useChat without the AI SDK on the server": ["program", /^200 text\/event-stream\ndata: \{"type":"start"\}[^]*"type":"text-delta"[^]*"type":"finish","finishReason":"stop"[^]*\[DONE\][^]*\n200 text\/event-stream\n[^]*"type":"error","errorText":"There are too many requests/],
  "A provider's config file": ["program", /Hi/],
  "The logic by itself": ["program", /^0\.0003\n\d+\n2000\n\{[^]*reason: ["']requests["'][^]*event: ["']greeting["']/],
};
// Parts of a project that only its own tools can run.
const builtElsewhere = ["Keep your library, change one line", "The AI SDK", "Vite", "Deploy your own gateway in five minutes", "Tickets for pages", "Your own rules"];

let endpoint, project;

before(async () => {
  // Paced, so that a snippet which leaves its stream leaves it in the middle.
  endpoint = await startEndpoint({ pace: 15 });
  const files = snippets.filter(({ file }) => file);
  project = await newProject(process.env.HFETCH_PACKAGE ?? join(root, "pkg"), files);
});

after(async () => {
  await endpoint.close();
  await project.close();
});

for (const { language, heading, line, code } of snippets) {
  if (language === "json" || builtElsewhere.includes(heading)) continue;
  const [kind, expected] = promises[heading] ?? assert.fail(`nothing is said of what "${heading}" prints`);
  for (const [host, show] of Object.entries(hosts[kind])) {
    test(`README.md:${line}: ${heading}, in ${host}`, async (t) => {
      const page = snippets.find((snippet) => snippet.language === "html").code;
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

test("the table of the token estimate is the measured one", async () => {
  const measured = await readFile(new URL("../token/README.md", import.meta.url), "utf8");
  assert.ok(readme.includes(measured.slice(measured.indexOf("| corpus |"))));
});

test("nothing is promised that no snippet keeps", () => {
  const headings = snippets.filter(({ language }) => language !== "json").map(({ heading }) => heading);
  assert.deepEqual([...Object.keys(promises), ...builtElsewhere].sort(), [...new Set(headings)].sort());
});
