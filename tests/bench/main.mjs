// npm run bench [-- --runtime node|deno|bun|chromium|firefox] [--only TEXT] [--rounds N] [--libraries a,b] [--seconds N]
//                  [--package FOLDER] [--clock thread] [--json]
//
// Each library in its own process, rounds interleaved, so that a slow minute of the machine falls on all of them.
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { embeddings, streams } from "./libraries.mjs";
import { install, runtimes } from "./runtimes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const everyLibrary = [...new Set([...Object.keys(streams), ...Object.keys(embeddings)])];
const { values: options } = parseArgs({
  options: {
    runtime: { type: "string", default: "node" },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    libraries: { type: "string", default: everyLibrary.join(",") },
    seconds: { type: "string", default: "0.5" },
    package: { type: "string", default: resolve(here, "../../pkg") },
    clock: { type: "string", default: "wall" },
    json: { type: "boolean", default: false },
  },
});

await install(resolve(options.package));
const runtime = await runtimes[options.runtime]();
const lines = [];
for (let round = 0; round < Number(options.rounds); round++) {
  for (const library of options.libraries.split(",")) {
    lines.push(...(await runtime.measure(library, options)));
    if (!options.json) process.stderr.write(".");
  }
}
await runtime.close();
const figures = summarise(lines);
if (options.json) for (const figure of figures) console.log(JSON.stringify(figure));
else table(figures);

/** The median of the rounds for each library and workload, with the extremes. */
function summarise(measured) {
  const groups = new Map();
  for (const line of measured) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return [...groups.values()].map((rounds) => {
    const times = rounds.map(({ ns }) => ns).sort((a, b) => a - b);
    const { kind, library, workload, size } = rounds[0];
    const [median, least, most] = [times[times.length >> 1], times[0], times.at(-1)].map(Math.round);
    return { runtime: options.runtime, kind, workload, size, library, median, least, most };
  });
}

function keyOf({ library, workload, size }) {
  return `${library}|${workload}|${size}`;
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
