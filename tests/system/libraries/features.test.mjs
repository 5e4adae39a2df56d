// The list of features on this package's provider, which must have all of them, and on two others, for the table in docs/results.md.

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { createHuggingFace as createOther } from "@ai-sdk/huggingface";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { root } from "../../../scripts/run.mjs";
import { startEndpoint } from "../../endpoint/server.mjs";
import { FEATURES, chat, responses } from "./setting/features.mjs";

const packageFolder = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
const { createHuggingFace } = await import(pathToFileURL(join(packageFolder, "dist/ai-sdk.js")).href);

const MODEL = "org/name";
const KEY = "hf_libraries";
const PROVIDERS = {
  "hfetch/ai-sdk": [chat, (baseURL) => createHuggingFace({ apiKey: KEY, baseURL, retry: { baseDelay: 1 }, pricing: { inputPerMillion: 1, outputPerMillion: 2 } })],
  "@ai-sdk/openai-compatible": [chat, (baseURL) => createOpenAICompatible({ name: "huggingface", apiKey: KEY, baseURL, includeUsage: true, supportsStructuredOutputs: true })],
  "@ai-sdk/huggingface": [responses, (baseURL) => createOther({ apiKey: KEY, baseURL })],
};

let endpoint;
const passed = {};
before(async () => (endpoint = await startEndpoint({ pace: 0 })));
after(async () => {
  await endpoint.close();
  await write();
});

for (const [name, [form, create]] of Object.entries(PROVIDERS)) {
  passed[name] = {};
  const isOwn = name === "hfetch/ai-sdk";
  test(name, { concurrency: true }, async (t) => {
    const all = Object.entries(FEATURES).map(([feature, [answers, run]], at) =>
      t.test(feature, async () => {
        const id = `feature-${Object.keys(passed).indexOf(name)}-${at}`;
        await endpoint.script(id, answers.map((answer) => stepOf(form, answer)));
        const provider = create(`${endpoint.url}/s/${id}/v1`);
        const stats = (until) => endpoint.stats(id, until);
        const bodies = async () => (await stats()).bodies.map((body) => (typeof body === "string" ? JSON.parse(body) : body));
        try {
          await run({ provider, model: provider(MODEL), url: endpoint.url, stats, bodies });
          passed[name][feature] = true;
        } catch (error) {
          passed[name][feature] = false;
          // A feature that another provider lacks is a cell of the table, and no failure here.
          if (isOwn) throw error;
        }
      }),
    );
    await Promise.all(all);
  });
}

test("the others were asked: both can do the plainest", () => {
  for (const name of Object.keys(PROVIDERS)) for (const feature of ["text, whole", "text, streamed", "a tool, over two steps"]) assert.equal(passed[name][feature], true, `${name}: ${feature}`);
});

function stepOf(form, answer) {
  if (answer.status) return answer;
  const { stream, stall, ...content } = answer;
  return { ...(stream ? form.stream(content) : form.whole(content)), ...(stall && { stallAfter: 1 }) };
}

// Only `npm run results` writes this; a run on the installed package has no place for it.
async function write() {
  const require = createRequire(import.meta.url);
  const versionOf = async (name) => JSON.parse(await readFile(join(require.resolve.paths(name)[0], name, "package.json"), "utf8")).version;
  const names = Object.keys(PROVIDERS);
  const heads = await Promise.all(names.map(async (name) => (name.startsWith("@") ? `${name} ${await versionOf(name)}` : name)));
  const lines = Object.keys(FEATURES).map((feature) => `| ${feature.replaceAll("<", "\\<")} | ${names.map((name) => (passed[name][feature] ? "✔" : "")).join(" | ")} |`);
  const sums = names.map((name) => Object.values(passed[name]).filter(Boolean).length);
  await mkdir(join(root, "target/providers"), { recursive: true });
  await writeFile(join(root, "target/providers/table.md"), `## Providers of the AI SDK

Three providers are tested with the same list of features (\`tests/system/libraries/setting/features.mjs\`, run by \`npm test -- --only libraries\`), under \`ai\` ${await versionOf("ai")}. Each provider calls the
stand-in endpoint, which answers in the provider's form: chat completions, or the Responses API for @ai-sdk/huggingface. An empty cell means that the feature did not pass.

| | ${heads.join(" | ")} |
|---|${names.map(() => "---|").join("")}
${lines.join("\n")}
| passed of ${lines.length} | ${sums.join(" | ")} |
`);
}
