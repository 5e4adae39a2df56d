// npm run results [-- --parts node,chromium,…] [--render]: runs the bench and writes docs/results.md and docs/results.svg, and docs/endurance.md from the counts of the
// long runs.
//
// The measurements of each part stay in target/bench, so that one part can be measured again by itself; --render measures none.
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { arch, availableParallelism, platform } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { endurance } from "./endurance.mjs";
import { outage } from "./outage.mjs";
import { libraries } from "./libraries.mjs";
import { main, root, run, Stop } from "./run.mjs";
import { hostRows } from "./host-table.mjs";
import { areasByPlace } from "./scenario-table.mjs";
import { document } from "../tests/bench/document.mjs";
import { plot } from "../tests/bench/plot.mjs";

const PEERS = ["openai", "@huggingface/inference", "eventsource-parser"];
const FLOORS = ["JSON.parse floor", "read floor"];
const SHORT = ["--only", "single slot,call", "--rounds", "3", "--seconds", "0.3", "--libraries", ["hfetch", "hfetch text()", ...PEERS, ...FLOORS].join(",")];

const EVERY_STREAM = ["--rounds", "3", "--seconds", "0.2", "--libraries", "hfetch,eventsource-parser"];

/** The parts, each with arguments of the bench; the gateway has a bench of its own. */
const PARTS = {
  node: ["--rounds", "3", "--seconds", "0.25", "--libraries", ["hfetch", "hfetch text()", ...PEERS, ...FLOORS, "JSON.parse + Float32Array"].join(",")],
  "node-ai": ["--only", "single slot", "--rounds", "3", "--seconds", "0.3", "--libraries", "AI SDK raw parts,AI SDK streamText,eventsource-parser stream"],
  chromium: ["--runtime", "chromium", ...SHORT],
  deno: ["--runtime", "deno", ...SHORT],
  bun: ["--runtime", "bun", ...SHORT],
  workerd: ["--runtime", "workerd", "--only", "single slot,call", "--rounds", "3", "--seconds", "0.1", "--libraries", ["hfetch", ...PEERS, ...FLOORS].join(",")],
  "chromium-streams": ["--runtime", "chromium", ...EVERY_STREAM],
  "workerd-streams": ["--runtime", "workerd", ...EVERY_STREAM],
  "start-node": ["--start", "--rounds", "7"],
  "start-chromium": ["--start", "--runtime", "chromium", "--rounds", "5"],
  "start-workerd": ["--start", "--runtime", "workerd", "--rounds", "5"],
  load: ["--load", "--rounds", "5"],
  page: ["--runtime", "page", "--rounds", "5"],
  limiter: ["--limiter"],
  linear: ["--linear"],
  gateway: ["--rounds", "5"],
};

/** The part that measures nothing: a page with the counts of the long runs. */
const ENDURANCE = "endurance";

const FOLDER = join(root, "target/bench");
const fileOf = (part) => join(FOLDER, `${part}.jsonl`);

async function measure(part) {
  const started = performance.now();
  const bench = part === "gateway" ? "tests/system/gateway/measure/bench.mjs" : "tests/bench/main.mjs";
  const { stdout } = await run(process.execPath, [join(root, bench), "--json", ...PARTS[part]]);
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  const head = { date: new Date().toISOString().slice(0, 10), machine: `${platform()} ${arch()}, ${availableParallelism()} cores` };
  await writeFile(fileOf(part), `${[JSON.stringify(head), ...lines].join("\n")}\n`);
  console.log(`${part}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function read(part) {
  const text = await readFile(fileOf(part), "utf8").catch(() => {
    throw new Stop(`nothing measured for ${part}: npm run results -- --parts ${part}`);
  });
  const [head, ...measured] = text.trim().split("\n").map((line) => JSON.parse(line));
  return { ...head, figures: measured };
}

/** Where the scenarios passed, from the last runs of the tests. */
async function scenarios() {
  const files = ["scenarios", "bundlers"].map((name) => join(root, "target", name)).filter((file) => existsSync(`${file}.json`));
  if (files.length === 0) throw new Stop("there are no results of the scenarios: npm test -- --all and npm run test:bundlers -- --all leave them");
  const table = await areasByPlace(...files);
  return `## Where the scenarios pass

The scenarios test the packed package in runtimes (\`npm test -- --all\`) and in the output of bundlers (\`npm run test:bundlers -- --all\`, which runs in
Chromium or in a server). Each cell is the number of scenarios that passed. An empty cell means that the area has no scenarios for that place.

${table}`;
}

/** The results of the hosts, from the last runs of their tests. */
async function hosts() {
  const table = await hostRows(join(root, "target/hosts")).catch(() => {
    throw new Stop("there are no results of the hosts: npm run test:hosts leaves them");
  });
  return `## Where hosts pass

A host is a framework, test runner, platform or compiler. \`npm run test:hosts\` tests each of them in a folder of \`tests/system/hosts\`, with pinned versions. Each host installs hfetch's tarball, builds, streams one answer, cancels one answer (the
socket to the model's server must close) and meets one error. Hosts that are servers also hand an answer on to a visitor who leaves in the middle of it; this must
end the call. "Its own" is a test for that host alone: that the types hold, or that the error says what to do.

${table}`;
}

/** The results of other people's clients, from the last run of all of them. */
const clients = () =>
  readFile(join(root, "target/clients/table.md"), "utf8").catch(() => {
    throw new Stop("there are no results of the clients: npm run test:clients leaves them");
  });

/** The results of this package's provider for the AI SDK and of others, from the last run of their tests. */
const providers = () =>
  readFile(join(root, "target/providers/table.md"), "utf8").catch(() => {
    throw new Stop("there are no results of the providers: npm test -- --only libraries leaves them");
  });

async function writeSpeeds(parts, render) {
  await mkdir(FOLDER, { recursive: true });
  if (!render) {
    await buildPackage();
    for (const part of parts) await measure(part);
  }
  const measured = {};
  for (const part of Object.keys(PARTS)) measured[part] = await read(part);
  const rows = [document(measured), await scenarios(), await hosts(), await clients(), await libraries(), await outage(), await providers()];
  await writeFile(join(root, "docs/results.md"), `${rows.map((text) => text.trimEnd()).join("\n\n")}\n`);
  await writeFile(join(root, "docs/results.svg"), plot(measured.node.figures));
}

async function command() {
  const { values } = parseArgs({ options: { parts: { type: "string" }, render: { type: "boolean", default: false } } });
  const known = [...Object.keys(PARTS), ENDURANCE];
  const parts = values.parts?.split(",") ?? known;
  const unknown = parts.filter((part) => !known.includes(part));
  if (unknown.length) throw new Stop(`no such part: ${unknown.join(", ")}; there are ${known.join(", ")}`);
  const speeds = parts.filter((part) => part !== ENDURANCE);
  if (speeds.length) await writeSpeeds(speeds, values.render);
  if (parts.includes(ENDURANCE)) await writeFile(join(root, "docs/endurance.md"), await endurance());
}

await main(command, import.meta.url);
