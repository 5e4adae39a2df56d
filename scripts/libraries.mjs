// npm run libraries [-- --rounds n]: runs other libraries against a server that fails, with their own fetch and with a client's, and measures what that adds to their
// time; writes the table in docs/results.md.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { main, npmInstall, root, run } from "./run.mjs";
import { programs, runtimeEnvironment } from "./runtimes.mjs";

const FOLDER = join(root, "tests/system/libraries");
const RESULTS = join(root, "docs/results.md");
const HEADING = "## Other libraries on hf.fetch";
const PACKAGES = { openai: "openai", "AI SDK": "ai", LangChain: "@langchain/openai", "@huggingface/inference": "@huggingface/inference", "TanStack AI": "@tanstack/ai" };

async function measured(file, ...args) {
  const { stdout } = await run(programs.node24, [join(FOLDER, file), ...args], { cwd: FOLDER, timeout: 900_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

const both = (results, count) => [false, true].map((isWith) => count(results.filter((one) => one.with === isWith))).join(" → ");
// After so many failures the server answers.
const OFTEN = 40;
const most = (results) => {
  const requests = Math.max(...results.map((one) => one.requests));
  return requests > OFTEN ? "no end" : requests;
};

function faultTable(results, versions) {
  const rows = Object.entries(PACKAGES).map(([library, name]) => {
    const own = results.filter((one) => one.library === library);
    const ended = (end) => both(own, (some) => some.filter((one) => one.end === end).length);
    const cells = [own.length / 2, ended("short"), ended("hung"), both(own, most), both(own, (some) => some.filter(({ open }) => open > 0).length)];
    return `| \`${library}\` ${versions[name]} | ${cells.join(" | ")} |`;
  });
  return `| library | faults | ended as a success, with less than there was | not over after 5 s | requests for one call, at most | answers left open |
|---|--:|--:|--:|--:|--:|
${rows.join("\n")}`;
}

function speedTable(rows) {
  const ms = (value) => value.toFixed(2);
  const lines = rows.map(({ library, way, alone, with: on }) => `| \`${library}\` | ${way === "whole" ? "a whole answer" : "a stream of 300 chunks"} | ${ms(alone)} | ${ms(on)} | ${ms(on - alone)} | ${(((on / alone) - 1) * 100).toFixed(0)} % |`);
  return `| library | | alone, ms | on hf.fetch, ms | more, ms | more |
|---|---|--:|--:|--:|--:|
${lines.join("\n")}`;
}

/** The section that the last run has written. */
export async function libraries() {
  return readFile(join(root, "target/libraries/section.md"), "utf8").catch(() => "");
}

function section(faults, speeds, versions) {
  return `${HEADING}

Five libraries call a server that fails: it cuts its answers off at every place, stalls, or sends each kind of error status and error frame. Every library meets the same failures
(\`npm run libraries\`; the faults are those of \`npm run test:faults\`). Each cell shows the library with its own fetch → with hf.fetch. For this test hf.fetch has short timeouts,
and its default of three tries. Without hf.fetch, a call that is not over after 5 s is either waiting for a server that has fallen silent, or trying again. The test gives such a call up then, and
doesn't check whether its answer would have stayed open.

${faultTable(faults, versions)}

The next table shows how much time hf.fetch adds. Both ways take turns in one run, against a server in another process that answers at once; the figures are medians. A whole answer shows the cost of a call: hf.fetch reads the body
and estimates its tokens, asks limits and keys, and makes a new response. What a stream takes beyond that is the cost of its chunks: each chunk is decoded for the ledger, and passes through one more stream.

${speedTable(speeds)}
`;
}

/** Replaces the existing section, or adds one at the end. */
function replaced(text, added) {
  const [before, rest] = text.split(`${HEADING}\n`);
  if (rest === undefined) return `${text.trimEnd()}\n\n${added}`;
  const next = rest.indexOf("\n## ");
  return `${before}${added}${next < 0 ? "" : rest.slice(next)}`;
}

async function command() {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "200" } } });
  await buildPackage();
  await runtimeEnvironment();
  await npmInstall(FOLDER);
  const speeds = await measured("measure/speed.mjs", values.rounds);
  const faults = await measured("setting/faults.mjs");
  const versionOf = async (name) => [name, JSON.parse(await readFile(join(FOLDER, "node_modules", name, "package.json"), "utf8")).version];
  const added = section(faults, speeds, Object.fromEntries(await Promise.all(Object.values(PACKAGES).map(versionOf))));
  await mkdir(join(root, "target/libraries"), { recursive: true });
  await writeFile(join(root, "target/libraries/section.md"), added);
  await writeFile(RESULTS, replaced(await readFile(RESULTS, "utf8"), added));
  console.log(added);
}

await main(command, import.meta.url);
