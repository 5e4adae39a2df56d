// npm run soak [-- --requests N] [--runtime node,workerd] [--seed S]: traffic of every kind through one client, and what is left of it.
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { keepFigures } from "./figures.mjs";
import { installPacked } from "./install.mjs";
import { main, root, run, Stop } from "./run.mjs";
import { programs, runtimeEnvironment } from "./runtimes.mjs";

// Linux answers on all of 127.0.0.0/8; elsewhere there is one address, whose ports may run out.
const ADDRESSES = process.platform === "linux" ? Array.from({ length: 8 }, (_, at) => `127.0.0.${at + 2}`) : ["127.0.0.1"];
const TIME_LIMIT = 4 * 3_600_000;

const drivers = {
  node: ({ folder, ...setting }) => program(process.execPath, ["--expose-gc", join(folder, "tests/fault/soak-node.mjs"), JSON.stringify(setting)], folder),
  async workerd({ folder, ...setting }) {
    return program(programs.node24, [join(root, "tests/fault/soak-workerd.mjs"), folder, JSON.stringify(setting)], root, await runtimeEnvironment());
  },
};

async function program(command, args, cwd, env = process.env) {
  const { code, stdout, stderr } = await run(command, args, { cwd, env, check: false, timeout: TIME_LIMIT });
  const last = stdout.trim().split("\n").at(-1);
  if (code !== 0 || !last.startsWith("{")) throw new Stop(`ended with ${code} and no results\n${(stdout + stderr).trim().slice(-4000)}`);
  if (stdout.includes("hf_marker") || stderr.includes("hf_marker")) throw new Stop("a key was printed");
  return JSON.parse(last);
}

/** Soaks the package installed in `folder`. Gives { requests, calls, samples, wrong }. */
export async function soak(runtime, { folder, requests, seed = 1 }) {
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const { disagreements, KIND_NAMES } = await import("../tests/fault/traffic.mjs");
  const endpoints = await Promise.all(ADDRESSES.map((host) => startEndpoint({ host })));
  try {
    const found = await drivers[runtime]({ folder, requests, seed, hosts: endpoints.map(({ url }) => url) });
    const there = Object.fromEntries(await Promise.all(KIND_NAMES.map(async (kind) => [kind, await sumOf(endpoints, kind)])));
    const wrong = [...found.wrong, ...disagreements(found.books, there), ...notFlat(found.samples, requests)];
    return { ...found, calls: sumOver(found.books, "calls"), sent: sumOver(found.books, "sent"), wrong };
  } finally {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  }
}

const sumOver = (books, name) => Object.values(books).reduce((sum, book) => sum + book[name], 0);

async function sumOf(endpoints, kind) {
  const all = await Promise.all(endpoints.map((endpoint) => endpoint.stats(kind, "closed")));
  const sum = (name) => all.reduce((total, one) => total + one[name], 0);
  return { requests: sum("requests"), open: sum("open"), tokens: sum("tokens") };
}

// What may be held at the end beside what was held after a fifth of the traffic, when everything has been used once. Where the
// collector can't be called (workerd), it comes when it likes.
const SLACK = { heap: 8_000_000, wasm: 4_000_000, handles: 5_000, resident: 128_000_000 };
const LONG_RUN = 20_000; // a shorter one shows nothing of growth

function notFlat(samples, requests) {
  if (requests < LONG_RUN) return [];
  const [early, late] = [samples[Math.floor(samples.length / 5)], samples.at(-1)];
  return Object.keys(late)
    .filter((name) => late[name] > early[name] + SLACK[name])
    .map((name) => `${name} grew from ${early[name]} to ${late[name]}`);
}

/** A short run for `npm test`. */
export async function shortSoak(runtime, folder) {
  const { calls, wrong } = await soak(runtime, { folder, requests: 1_000 });
  return { passed: Math.max(calls - wrong.length, 0), failed: wrong.length, failures: wrong.map((error) => ({ name: runtime, error })) };
}

async function command() {
  const { values } = parseArgs({ options: { requests: { type: "string", default: "20000" }, runtime: { type: "string", default: "node,workerd" }, seed: { type: "string", default: "1" }, package: { type: "string" } } });
  const requests = Number(values.requests);
  if (!(requests > 0)) throw new Stop("--requests: a number above 0");
  const folder = await installPacked(values.package ? resolve(values.package) : (await buildPackage()).out);
  const wrong = [];
  try {
    for (const runtime of values.runtime.split(",")) {
      const found = await soak(runtime, { folder, requests, seed: Number(values.seed) });
      console.log(`${runtime}: ${found.calls} calls, ${found.sent} requests, ${found.wrong.length ? "not as it must be" : "nothing lost"}`);
      for (const [kind, { calls, sent, tokens }] of Object.entries(found.books)) console.log(`  ${kind.padEnd(11)} ${calls} calls, ${sent} requests, ${tokens} tokens`);
      const [first, last] = [found.samples[Math.floor(found.samples.length / 5)], found.samples.at(-1)];
      console.log(`  after a fifth ${JSON.stringify(first)}\n  at the end    ${JSON.stringify(last)}`);
      wrong.push(...found.wrong.map((line) => `${runtime}: ${line}`));
      if (!found.wrong.length) await keepFigures("soak", { [runtime]: { calls: found.calls, requests: found.sent } });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (wrong.length) throw new Stop(wrong.join("\n"));
}

await main(command, import.meta.url);
