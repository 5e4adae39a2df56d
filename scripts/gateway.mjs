// npm run gateway -- --port N [--state FOLDER]: runs the gateway in workerd, configured by the environment's HF_… and GATEWAY_… variables.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { builtPackage } from "./build.mjs";
import { main, Stop } from "./run.mjs";
import { startWorker } from "./workerd.mjs";

const PORT = 8788;

/** The variables of an environment that belong to the gateway; it sees no others. */
export function gatewayVariables(env) {
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => /^(HF_TOKEN(_\d+)?|HF_BASE_URL|HF_BILL_TO|GATEWAY_\w+)$/.test(name) && value !== ""));
}

/** Runs the gateway that the package contains as a template. */
export async function startGateway(pkg, options) {
  return startWorker({ pkg, worker: await readFile(join(pkg, "gateway-worker/worker.js"), "utf8"), ...options });
}

export function portOf(text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Stop(`--port ${text} is no port number`);
  return port;
}

async function command() {
  const { values } = parseArgs({ options: { port: { type: "string", default: String(PORT) }, state: { type: "string" } } });
  const port = portOf(values.port);
  const out = await builtPackage();
  const gateway = await startGateway(out, { env: gatewayVariables(process.env), port, state: values.state && resolve(values.state) });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, gateway.close);
  const health = await fetch(`${gateway.url}/healthz`);
  if (!health.ok) console.log((await health.json()).error.message);
  console.log(`The gateway: ${gateway.url}/v1  (Ctrl-C stops it)`);
  await gateway.exited;
}

await main(command, import.meta.url);
