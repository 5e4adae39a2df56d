// Where the time goes that Node needs from the import of hfetch to the first answer. As a command it takes the parts in this process.
//
// Processor time, since it tells parts of a millisecond even beside other programs; threads on which the engine compiles count too.
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { steps } from "./startup.mjs";

const here = fileURLToPath(import.meta.url);
// What decodes the text is a module too, a tiny one.
const LARGE = 10_000; // bytes

/** Gives { measure, close }: for each name of `packages` its lines, from a fresh process that runs `program` with that package's folder. */
export async function startParts(packages, run) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-start-"));
  for (const [name, installed] of Object.entries(packages)) {
    await mkdir(join(folder, name, "node_modules"), { recursive: true });
    await symlink(resolve(installed), join(folder, name, "node_modules/hfetch"));
    for (const file of ["start-parts.mjs", "startup.mjs"]) await cp(join(here, "..", file), join(folder, name, file));
  }
  const measure = async (name) => {
    const [parts] = await run(join(folder, name, "start-parts.mjs"));
    return Object.entries(parts).map(([workload, ms]) => ({ kind: "start", library: name, workload, size: 0, ns: ms * 1e6 }));
  };
  return { measure, close: () => rm(folder, { recursive: true }) };
}

function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** When the module's bytes are there, and when it is compiled and runs. */
function watched(times) {
  const { Module, Instance } = WebAssembly;
  WebAssembly.Module = function (bytes) {
    if (bytes.byteLength < LARGE) return new Module(bytes);
    times.bytes = processorTime();
    const module = new Module(bytes);
    times.compiled = processorTime();
    return module;
  };
  WebAssembly.Instance = function (module, imports) {
    const instance = new Instance(module, imports);
    if (imports !== undefined) times.runs = processorTime();
    return instance;
  };
}

async function parts() {
  const times = {};
  watched(times);
  // The import is a step of its own here.
  const source = steps("hfetch").replace(/await import\("hfetch"\);/, "$& yield;").replaceAll("await import(", "await load(");
  const run = new Function("load", `return (${source})()`)((name) => import(name));
  await run.next();
  const clock = performance.now();
  const begun = processorTime();
  for (const step of ["imported", "client", "answered"]) {
    await run.next();
    times[step] = processorTime();
  }
  const together = performance.now() - clock;
  // A package that starts its module on import has its bytes before it is imported.
  const later = times.bytes > times.imported;
  return {
    import: (later ? times.imported : times.bytes) - begun,
    ...(later && { "the text into bytes": times.bytes - times.imported }),
    "compile the module": times.compiled - times.bytes,
    "start the module": times.runs - times.compiled,
    "make a client": times.client - times.runs,
    "first request": times.answered - times.client,
    together: times.answered - begun,
    "together, by the clock": together,
  };
}

if (process.argv[1] === here) console.log(JSON.stringify(await parts()));
