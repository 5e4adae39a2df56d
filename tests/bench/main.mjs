// npm run bench [-- --only TEXT] [--rounds N] [--libraries a,b] [--package FOLDER] [--clock thread] [--json]
//
// Each library in its own process, rounds interleaved, so that a slow minute of the machine falls on all of them.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { embeddings, streams } from "./libraries.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    libraries: { type: "string", default: [...new Set([...Object.keys(streams), ...Object.keys(embeddings)])].join(",") },
    package: { type: "string", default: resolve(here, "../../pkg") },
    clock: { type: "string", default: "wall" },
    seconds: { type: "string", default: "0.4" },
    json: { type: "boolean", default: false },
  },
});

await install();
const lines = [];
for (let round = 0; round < Number(options.rounds); round++) {
  for (const library of options.libraries.split(",")) {
    lines.push(...(await contender(library)));
    if (!options.json) process.stderr.write(".");
  }
}
const figures = summarise(lines);
if (options.json) for (const figure of figures) console.log(JSON.stringify(figure));
else table(figures);

async function install() {
  if (!existsSync(join(here, "node_modules/openai"))) await run("npm", ["install", "--no-audit", "--no-fund"]);
  const link = join(here, "node_modules/hfetch");
  await rm(link, { force: true, recursive: true });
  await mkdir(dirname(link), { recursive: true });
  await symlink(resolve(options.package), link, "dir");
}

async function contender(library) {
  const node = join(here, "node_modules/.bin/node");
  const text = await run(node, [join(here, "contender.mjs"), library, options.only, options.clock, options.seconds]);
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

function run(command, args) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: here, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.on("error", fail);
    child.on("close", (code) => (code === 0 ? done(text) : fail(new Error(`${command} ${args.join(" ")} ended with ${code}`))));
  });
}

/** The median of the rounds for each library and workload, with the extremes. */
function summarise(measured) {
  const groups = Map.groupBy?.(measured, keyOf) ?? group(measured);
  return [...groups.values()].map((rounds) => {
    const times = rounds.map(({ ns }) => ns).sort((a, b) => a - b);
    const { kind, library, workload, size } = rounds[0];
    const [median, least, most] = [times[times.length >> 1], times[0], times.at(-1)].map(Math.round);
    return { runtime: "node", kind, workload, size, library, median, least, most };
  });
}

function keyOf({ library, workload, size }) {
  return `${library}|${workload}|${size}`;
}

function group(measured) {
  const groups = new Map();
  for (const line of measured) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return groups;
}

function table(figures) {
  const workloads = [...new Set(figures.map(({ workload, size }) => `${workload}|${size}`))];
  for (const name of workloads) {
    const [workload, size] = name.split("|");
    const rows = figures.filter((figure) => figure.workload === workload && String(figure.size) === size);
    const ours = rows.find(({ library }) => library === "hfetch")?.median;
    const [unit, scale] = rows[0].kind === "stream" ? ["ns a chunk", 1] : ["µs", 1000];
    console.log(`\n${workload}${rows[0].kind === "embeddings" ? "" : size === "0" ? ", one event per network chunk" : `, ${size} bytes a network chunk`} (${unit})`);
    for (const { library, median, least, most } of rows) {
      const ratio = ours ? `× ${(median / ours).toFixed(2)}` : "";
      console.log(`  ${library.padEnd(28)}${String(Math.round(median / scale)).padStart(9)}  ${`${Math.round(least / scale)}–${Math.round(most / scale)}`.padEnd(16)}${ratio}`);
    }
  }
}
