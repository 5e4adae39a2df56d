// npm run bench [-- --runtime node|deno|bun|workerd|chromium|firefox|page] [--only TEXT,TEXT] [--rounds N] [--libraries a,b] [--seconds N]
//                  [--package FOLDER] [--clock wall] [--json]
// npm run bench -- --linear | --start | --limiter | --load
// npm run bench -- --parts [--package FOLDER] [--against FOLDER] [--rounds N]
//
// Each library runs in its own process, and rounds alternate between libraries, so that a slow minute of the machine affects all of them.
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { embeddings, streams } from "./libraries.mjs";
import { libraries as loadable, loadPages } from "./load.mjs";
import { libraries as writing } from "./page.mjs";
import { install, runtimes, script, startUps } from "./runtimes.mjs";
import { startParts } from "./start-parts.mjs";
import { libraries as startable, pageLibraries } from "./startup.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    runtime: { type: "string", default: "node" },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    libraries: { type: "string" },
    seconds: { type: "string", default: "0.5" },
    package: { type: "string", default: resolve(here, "../../pkg") },
    clock: { type: "string", default: "thread" },
    json: { type: "boolean", default: false },
    linear: { type: "boolean", default: false },
    start: { type: "boolean", default: false },
    limiter: { type: "boolean", default: false },
    load: { type: "boolean", default: false },
    parts: { type: "boolean", default: false },
    against: { type: "string" },
  },
});
const rounds = Number(options.rounds);

/** The suites, by the flag that asks for each. A suite returns the lines of all rounds. */
const suites = {
  linear: () => script("linear.mjs", [], ["--expose-gc"]),
  limiter: () => script("limiter.mjs"),
  async load() {
    return interleaved(await loadPages(), chosen(loadable));
  },
  async start() {
    return interleaved(await startUps[options.runtime](), chosen(options.runtime === "chromium" ? pageLibraries : startable));
  },
  // Of this package, and by turns of another build of it.
  async parts() {
    const packages = { hfetch: options.package, ...(options.against && { another: options.against }) };
    return interleaved(await startParts(packages, script), Object.keys(packages));
  },
  async streams() {
    const everyLibrary = [...new Set([...Object.keys(streams), ...Object.keys(embeddings)])];
    return interleaved(await runtimes[options.runtime](), chosen(options.runtime === "page" ? writing : everyLibrary));
  },
};

function chosen(libraries) {
  return options.libraries?.split(",") ?? libraries;
}

async function interleaved({ measure, close }, libraries) {
  const lines = [];
  for (let round = 0; round < rounds; round++) {
    for (const library of libraries) {
      lines.push(...(await measure(library, options)));
      if (!options.json) process.stderr.write(".");
    }
  }
  await close();
  return lines;
}

/** The median of the rounds for each library and workload, with the extremes. */
function summarise(measured) {
  const groups = new Map();
  const keyOf = ({ library, workload, size }) => `${library}|${workload}|${size}`;
  for (const line of measured) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return [...groups.values()].map((lines) => {
    const { ns, ...rest } = lines[0];
    const times = lines.map((line) => line.ns).sort((a, b) => a - b);
    const [median, least, most] = [times[times.length >> 1], times[0], times.at(-1)].map(Math.round);
    return { runtime: options.runtime, ...rest, median, least, most };
  });
}

const UNITS = { stream: ["ns a chunk", 1], limiter: ["ns a pair", 1], linear: ["ns", 1], load: ["ms", 1e6], page: ["ms", 1e6] };

function table(figures) {
  const workloads = [...new Set(figures.map(({ workload, size }) => `${workload}|${size}`))];
  for (const name of workloads) {
    const rows = figures.filter(({ workload, size }) => `${workload}|${size}` === name);
    const { kind, workload, size } = rows[0];
    const ours = rows.find(({ library }) => library === "hfetch")?.median;
    const [unit, scale] = UNITS[kind] ?? ["µs", 1000];
    const form = kind !== "stream" && kind !== "call" ? "" : size === 0 ? ", one event per network chunk" : `, ${size} bytes a network chunk`;
    console.log(`\n${workload}${form} (${unit})`);
    for (const { library, median, least, most, heapMiB, wasmMiB, early, bytes, chunks } of rows) {
      const ratio = ours && rows.length > 1 ? `× ${(median / ours).toFixed(2)}` : "";
      const received = bytes ? `  ${Math.round(early / 1000)} kB by then, ${Math.round(bytes / 1000)} kB in all` : "";
      const pieces = chunks ? `  in ${chunks} network chunks` : "";
      const memory = heapMiB ? `heap ${heapMiB.toFixed(1)} MiB, wasm ${wasmMiB.toFixed(1)} MiB` : "";
      console.log(`  ${library.padEnd(28)}${String(Math.round(median / scale)).padStart(9)}  ${`${Math.round(least / scale)}–${Math.round(most / scale)}`.padEnd(16)}${ratio}${memory}${received}${pieces}`);
    }
  }
}

if (!options.parts) await install(resolve(options.package));
const suite = ["linear", "start", "limiter", "load", "parts"].find((name) => options[name]) ?? "streams";
const figures = summarise(await suites[suite]());
if (options.json) for (const figure of figures) console.log(JSON.stringify(figure));
else table(figures);
