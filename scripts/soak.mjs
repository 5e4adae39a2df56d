// npm run soak [-- --requests N] [--minutes M] [--runtime node,node24,workerd] [--seed S]: sends traffic of every kind through one client, and checks what is left of
// it.
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { builtPackage } from "./build.mjs";
import { keepFigures } from "./figures.mjs";
import { installPacked } from "./install.mjs";
import { main, root, run, Stop } from "./run.mjs";
import { programs, runtimeEnvironment } from "./runtimes.mjs";

// Linux answers on all of 127.0.0.0/8; elsewhere there is one address, whose ports may run out.
const ADDRESSES = process.platform === "linux" ? Array.from({ length: 8 }, (_, at) => `127.0.0.${at + 2}`) : ["127.0.0.1"];
const TIME_LIMIT = 4 * 3_600_000;

const drivers = {
  node: ({ folder, ...setting }) => program(process.execPath, ["--expose-gc", join(folder, "tests/fault/soak-node.mjs")], setting, { cwd: folder }),
  async node24({ folder, ...setting }) {
    return program(programs.node24, ["--expose-gc", join(folder, "tests/fault/soak-node.mjs")], setting, { cwd: folder, env: await runtimeEnvironment() });
  },
  async workerd({ folder, ...setting }) {
    return program(programs.node24, [join(root, "tests/fault/soak-workerd.mjs"), folder], setting, { env: await runtimeEnvironment() });
  },
};

async function program(command, args, setting, options) {
  const shown = { echo: setting.requests >= LONG_RUN, check: false, timeout: TIME_LIMIT };
  const { code, stdout, stderr } = await run(command, [...args, JSON.stringify(setting)], { ...options, ...shown });
  const last = stdout.trim().split("\n").at(-1);
  if (code !== 0 || !last.startsWith("{")) throw new Stop(`ended with ${code} and no results\n${(stdout + stderr).trim().slice(-4000)}`);
  if (stdout.includes("hf_marker") || stderr.includes("hf_marker")) throw new Stop("a key was printed");
  return JSON.parse(last);
}

/** Soaks the package installed in `folder`, for at most so many minutes. Returns { calls, sent, books, samples, grown, wrong }. */
export async function soak(runtime, { folder, requests, minutes = 240, seed = 1 }) {
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const { disagreements, KIND_NAMES } = await import("../tests/fault/traffic.mjs");
  const endpoints = await Promise.all(ADDRESSES.map((host) => startEndpoint({ host })));
  try {
    const until = Date.now() + minutes * 60_000;
    const found = await drivers[runtime]({ folder, requests, seed, until, hosts: endpoints.map(({ url }) => url) });
    const there = Object.fromEntries(await Promise.all(KIND_NAMES.map(async (kind) => [kind, await sumOf(endpoints, kind)])));
    const grown = growth(found.samples, requests);
    const wrong = [...found.wrong, ...disagreements(found.books, there), ...notFlat(grown)];
    return { ...found, calls: sumOver(found.books, "calls"), sent: sumOver(found.books, "sent"), grown, wrong };
  } finally {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  }
}

const sumOver = (books, name) => Object.values(books).reduce((sum, book) => sum + book[name], 0);

async function sumOf(endpoints, kind) {
  const all = await Promise.all(endpoints.map((endpoint) => endpoint.stats(kind, "closed")));
  const sum = (name) => all.reduce((total, one) => total + one[name], 0);
  return { requests: sum("requests"), tokens: sum("tokens") };
}

// How much more may be held at the end than at most in the first half, when everything had been used once. A limiter remembers each millisecond of the last minute in
// which something was sent: the higher the speed, the more there are, and a list of them grows by doubling. An allocator returns pages when it likes.
const SLACK = { heap: 2_000_000, wasm: 4_000_000, handles: 100, resident: 64_000_000 };
const LONG_RUN = 20_000; // requests; a shorter run shows nothing about growth
const FILLED = 75; // seconds until the minute of a limiter is full

/** The growth of each measure: { name: [the most in the first half, at the end] }; measures for which the run was too short are left out. */
function growth(samples, requests) {
  if (requests < LONG_RUN) return {};
  const { seconds: _, ...late } = samples.at(-1);
  const early = samples.slice(Math.floor(samples.length / 5), Math.ceil(samples.length / 2));
  const most = (name) => Math.max(...early.filter(({ seconds }) => name === "heap" || name === "handles" || seconds > FILLED).map((sample) => sample[name]));
  return Object.fromEntries(Object.entries(late).map(([name, value]) => [name, [most(name), value]]).filter(([, [before]]) => before > -Infinity));
}

function notFlat(grown) {
  return Object.entries(grown)
    .filter(([name, [early, late]]) => late > early + SLACK[name])
    .map(([name, [early, late]]) => `${name} grew from ${early} to ${late}`);
}

/** A short run for `npm test`. */
export async function shortSoak(runtime, folder) {
  const { calls, wrong } = await soak(runtime, { folder, requests: 1_000 });
  return { passed: Math.max(calls - wrong.length, 0), failed: wrong.length, failures: wrong.map((error) => ({ name: runtime, error })) };
}

async function command() {
  const { values } = parseArgs({ options: { requests: { type: "string", default: "20000" }, minutes: { type: "string" }, runtime: { type: "string", default: "node,workerd" }, seed: { type: "string", default: "1" }, package: { type: "string" } } });
  const requests = Number(values.requests);
  if (!(requests > 0)) throw new Stop("--requests: a number above 0");
  const folder = await installPacked(values.package ? resolve(values.package) : await builtPackage());
  const wrong = [];
  try {
    for (const runtime of values.runtime.split(",")) {
      const found = await soak(runtime, { folder, requests, minutes: values.minutes && Number(values.minutes), seed: Number(values.seed) });
      console.log(`${runtime}: ${found.calls} calls, ${found.sent} requests, ${found.wrong.length ? "not as it must be" : "nothing lost"}`);
      for (const [kind, { calls, sent, tokens }] of Object.entries(found.books)) console.log(`  ${kind.padEnd(11)} ${calls} calls, ${sent} requests, ${tokens} tokens`);
      for (const [name, [early, late]] of Object.entries(found.grown)) console.log(`  ${name.padEnd(11)} ${early} at most in the first half, ${late} at the end`);
      if (!("wasm" in found.grown)) console.log("  too short to show that memory stays flat");
      wrong.push(...found.wrong.map((line) => `${runtime}: ${line}`));
      if (!found.wrong.length && requests >= LONG_RUN) await keepFigures("soak", { [runtime]: { calls: found.calls, requests: found.sent, grown: found.grown } });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (wrong.length) throw new Stop(wrong.join("\n"));
}

await main(command, import.meta.url);
