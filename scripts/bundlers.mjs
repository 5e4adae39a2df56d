// npm run test:bundlers [-- --only part,part]: the packed package through every bundler, each result loaded and run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { installPacked } from "./install.mjs";
import { Report } from "./report.mjs";
import { main, npmInstall, root, Stop } from "./run.mjs";
import { pageResults } from "./runtimes.mjs";
import { ScenarioTable } from "./scenario-table.mjs";
import { serve } from "./serve.mjs";

const BUNDLERS = join(root, "tests/bundlers");
// Inside the folder of the bundlers, so that what they bundle may use what is installed there (react).
const OUT = join(BUNDLERS, "out");
const START_LIMIT = 60_000;
// Next 16.4.6 with webpack builds no edge route at all, not even an empty one.
const NEXT_BUILDS = [{ flag: "--turbopack", routes: ["node", "edge"] }, { flag: "--webpack", routes: ["node"] }];

const table = new ScenarioTable();

async function bundled(name, bundle, endpoint) {
  const built = await bundle(join(OUT, "tests/bundlers"), join(OUT, "built", name));
  const server = typeof built === "string" ? await serve({ folders: { "/": built } }) : built;
  try {
    return table.add(name, await pageResults("Chromium", `${server.url}/index.html`, endpoint));
  } finally {
    await server.close();
  }
}

async function startNext({ next, env }, app) {
  const child = spawn(process.execPath, [next, "start", app, "--port", "0", "--hostname", "127.0.0.1"], { cwd: app, env, detached: true });
  let output = "";
  const url = new Promise((resolve, reject) => {
    const read = (data) => {
      output += data;
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
      if (found && /Ready/.test(output)) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Stop(`next start ended with ${code}\n${output}`)));
    setTimeout(() => reject(new Stop(`next start was not ready within ${START_LIMIT / 1000} s\n${output}`)), START_LIMIT).unref();
  });
  const close = async () => {
    if (child.exitCode !== null) return;
    process.kill(-child.pid, "SIGKILL");
    await once(child, "exit");
  };
  return { url: await url.catch(async (error) => Promise.reject(await close().then(() => error))), close };
}

async function nextParts(report, buildNext, { flag, routes }, endpoint) {
  const app = join(OUT, "tests/bundlers/next");
  const named = (name) => `next-${name}${flag === "--webpack" ? "-webpack" : ""}`;
  const part = (name, work) => report.part(named(name), work);
  let server;
  await part("build", async () => {
    await rm(join(app, ".next"), { recursive: true, force: true });
    for (const route of ["node", "edge"]) if (!routes.includes(route)) await rm(join(app, "app/api", route), { recursive: true });
    server = await startNext(await buildNext(app, flag), app);
    return { passed: 1, failed: 0 };
  });
  if (!server) return;
  try {
    await part("client", async () => table.add(named("client"), await pageResults("Chromium", `${server.url}/`, endpoint)));
    for (const route of routes) {
      await part(route, async () => {
        const answer = await fetch(`${server.url}/api/${route}?${new URLSearchParams({ endpoint })}`);
        if (!answer.ok) throw new Stop(`the route answered ${answer.status}: ${(await answer.text()).slice(0, 2000)}`);
        return table.add(named(route), await answer.json());
      });
    }
  } finally {
    await server.close();
  }
}

async function command() {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const report = new Report(values.only?.split(","));
  const { out } = await buildPackage();
  await npmInstall(BUNDLERS);
  await rm(OUT, { recursive: true, force: true });
  await installPacked(out, OUT);
  for (const name of ["main.mjs", "index.html", "next"]) await cp(join(BUNDLERS, name), join(OUT, "tests/bundlers", name), { recursive: true });
  const { bundlers, buildNext } = await import("../tests/bundlers/bundle.mjs");
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const endpoint = await startEndpoint();
  try {
    for (const [name, bundle] of Object.entries(bundlers)) await report.part(name, () => bundled(name, bundle, endpoint.url));
    for (const way of NEXT_BUILDS) await nextParts(report, buildNext, way, endpoint.url);
  } finally {
    await endpoint.close();
  }
  await table.write(join(root, "target/bundlers.md"));
  report.finish();
}

await main(command, import.meta.url);
