// Runs Workers in workerd itself, on 127.0.0.1: the runtime in which they are deployed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stop } from "./run.mjs";

/** The date in gateway-worker/wrangler.jsonc. */
export const COMPATIBILITY_DATE = "2026-04-01";
const PATIENCE = 500; // ms
const OTHER_RUNTIMES = ["index.js", "index.browser.js", "slim.js", "gateway.js", "ai-sdk.js", "ai-sdk.browser.js"];

/**
 * Runs one Worker. `worker` is the source of its main module, which imports "hfetch", "hfetch/gateway" and "hfetch/ai-sdk" from `pkg`; `env` its variables, which reach
 * workerd through its own environment and are in no file; `services` other servers ("127.0.0.1:80") as bindings; `state` the folder in which Durable Objects outlive
 * the Worker (without it they end with it). `log` gets what the Worker logs; further `isolates` run the same code and share the first one's objects. With `inspector`
 * the first one's debugger listens too. Returns { url, port, urls, inspector, pid, exited, close }.
 */
export async function startWorker({ pkg, worker, env = {}, services = {}, port = 0, state: kept, isolates = 1, flags = ["enable_request_signal"], v8Flags = [], inspector = false, log = (text) => process.stdout.write(text) }) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-workerd-"));
  try {
    const modules = await writeModules(folder, pkg, worker);
    // workerd can't keep SQLite storage in memory.
    const state = kept ?? join(folder, "state");
    await mkdir(state, { recursive: true });
    await writeFile(join(folder, "config.capnp"), configuration({ modules, variables: Object.keys(env), services, port, state, isolates, flags, v8Flags }));
    const { child, ready } = launch(folder, env, log, { sockets: isolates, inspector });
    // If the parent process fails, no runtime is left behind.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    const exited = once(child, "exit").finally(() => {
      process.off("exit", kill);
      return rm(folder, { recursive: true, force: true });
    });
    const listening = await Promise.race([ready, exited.then(() => null)]);
    if (listening === null) throw new Stop(`workerd ended before it listened on port ${port}`);
    const close = async () => {
      child.kill("SIGTERM");
      // Otherwise the close would wait for connections that are kept alive.
      const impatient = setTimeout(kill, PATIENCE);
      await exited;
      clearTimeout(impatient);
    };
    const urls = listening.ports.map((each) => `http://127.0.0.1:${each}`);
    const debugging = inspector ? { inspector: `ws://127.0.0.1:${listening.inspector}/worker0` } : {};
    return { url: urls[0], port: listening.ports[0], urls, ...debugging, pid: child.pid, exited, close };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function binary() {
  try {
    return createRequire(import.meta.url)("workerd").default;
  } catch (error) {
    throw new Stop(`workerd does not run on this machine: ${error.message}`);
  }
}

function launch(folder, env, log, { sockets, inspector }) {
  const args = ["serve", "config.capnp", "--control-fd=3", ...(inspector ? ["--inspector-addr=127.0.0.1:0"] : [])];
  const child = spawn(binary(), args, { cwd: folder, env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => log(String(data)));
  const ready = new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Stop(`workerd could not be started: ${error.message}`)));
    // One line per socket, in any order, and one for the inspector: {"event": "listen", "socket": "0", "port": 8787}.
    let told = "";
    child.stdio[3].on("data", (data) => {
      told += data;
      const all = told.split("\n").slice(0, -1).map((line) => JSON.parse(line));
      const opened = all.filter(({ event }) => event === "listen").sort((a, b) => a.socket - b.socket);
      const debug = all.find(({ event }) => event === "listen-inspector");
      if (opened.length === sockets && (debug || !inspector)) resolve({ ports: opened.map(({ port }) => port), inspector: debug?.port });
    });
  });
  return { child, ready };
}

/** The Worker and the package, as modules next to the configuration: [name, kind]. A bare import is a module with that name. */
async function writeModules(folder, pkg, worker) {
  const { exports } = JSON.parse(await readFile(join(pkg, "package.json"), "utf8"));
  await mkdir(join(folder, "hfetch"));
  const modules = [["worker.js", "esModule"]];
  await writeFile(join(folder, "worker.js"), worker);
  for (const name of await readdir(join(pkg, "dist"))) {
    const kind = name.endsWith(".wasm") ? "wasm" : name.endsWith(".js") && !OTHER_RUNTIMES.includes(name) ? "esModule" : null;
    if (!kind) continue;
    await cp(join(pkg, "dist", name), join(folder, "hfetch", name));
    modules.push(kind === "wasm" ? [`hfetch/${name}?module`, kind, `hfetch/${name}`] : [`hfetch/${name}`, kind]);
  }
  for (const [name, folderOfEntry, entry] of [["hfetch", "./hfetch/", exports["."].workerd], ["hfetch/gateway", "./", exports["./gateway"].workerd], ["hfetch/ai-sdk", "./", exports["./ai-sdk"].workerd]]) {
    const file = `${name.replace("/", "-")}-alias.js`;
    await writeFile(join(folder, file), `export * from ${text(entry.replace("./dist/", folderOfEntry))};\n`);
    modules.push([name, "esModule", file]);
  }
  return modules;
}

const text = JSON.stringify; // strings in Cap'n Proto are written as in JSON

function configuration({ modules, variables, services, port, state, isolates, flags, v8Flags }) {
  const list = (items) => `[\n    ${items.join(",\n    ")}\n  ]`;
  const bindings = [
    ...variables.map((name) => `(name = ${text(name)}, fromEnvironment = ${text(name)})`),
    ...Object.keys(services).map((name) => `(name = ${text(name)}, service = ${text(name)})`),
  ];
  const others = Object.entries(services).map(([name, address]) => `(name = ${text(name)}, external = (address = ${text(address)}, http = ()))`);
  const isolate = (namespace, ...more) => `(
  modules = ${list(modules.map(([name, kind, file = name]) => `(name = ${text(name)}, ${kind} = embed ${text(file)})`))},
  bindings = ${list([...bindings, `(name = "LIMITS", durableObjectNamespace = ${namespace})`])},
  ${[`compatibilityDate = ${text(COMPATIBILITY_DATE)}`, `compatibilityFlags = ${text(flags)}`, ...more].join(",\n  ")}
)`;
  const objects = 'durableObjectNamespaces = [(className = "LimitObject", uniqueKey = "hfetch-limits", enableSql = true)]';
  const workers = [isolate('"LimitObject"', objects, 'durableObjectStorage = (localDisk = "state")')];
  for (let at = 1; at < isolates; at++) workers.push(isolate('(className = "LimitObject", serviceName = "worker0")'));
  const members = [
    ...workers.map((_, at) => `(name = "worker${at}", worker = .worker${at})`),
    '(name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))',
    `(name = "state", disk = (path = ${text(state)}, writable = true))`,
    ...others,
  ];
  const sockets = workers.map((_, at) => `(name = "${at}", address = "127.0.0.1:${at === 0 ? port : 0}", http = (), service = "worker${at}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = ${list(members)}, sockets = ${list(sockets)}, v8Flags = ${text(v8Flags)});
${workers.map((worker, at) => `const worker${at} :Workerd.Worker = ${worker};`).join("\n")}
`;
}
