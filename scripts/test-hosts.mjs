// npm run test:hosts [-- --only folder,folder] [--cheap]: runs the packed package where its users are, in frameworks, bundlers and test runners.
//
// Each folder of tests/system/hosts is a small project with pinned versions. It is copied to a folder outside of the repository (which is kept from run to run, for its
// node_modules), the tarball is installed there, and its host.mjs builds and runs it.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { browsers, chromiumFlags } from "./browser.mjs";
import { builtPackage } from "./build.mjs";
import { HostTable, WAYS } from "./host-table.mjs";
import { pack } from "./install.mjs";
import { Report } from "./report.mjs";
import { main, npmInstall, root, run, Stop } from "./run.mjs";
import { programs, runtimeEnvironment } from "./runtimes.mjs";
import { serve } from "./serve.mjs";

const HOSTS = join(root, "tests/system/hosts");
const STAGE = join(tmpdir(), "hfetch-hosts");
const SHARED = "three.js";
const BUILD_LIMIT = 300_000;
const START_LIMIT = 90_000;
const ASK_LIMIT = 60_000;
/** The hosts that take only seconds; .ci/run runs them. */
const CHEAP = ["jest", "no-wasm", "page", "typescript", "vite-ssr"];

/** Copies a host's files and the installed package into its folder. */
async function lay(name, tarball) {
  const folder = join(STAGE, name);
  await mkdir(folder, { recursive: true });
  for (const entry of await readdir(folder)) if (entry !== "node_modules") await rm(join(folder, entry), { recursive: true, force: true });
  await cp(join(HOSTS, name), folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await cp(join(HOSTS, SHARED), join(folder, SHARED));
  const env = await runtimeEnvironment();
  if (existsSync(join(folder, "package-lock.json"))) await npmInstall(folder, env);
  await run("npm", ["install", "--no-save", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", tarball], { cwd: folder, env });
  return folder;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The argument of a host.mjs: its folder, and functions that run programs in it. The programs use Node 24. */
class Host {
  #endpoint;
  #env;

  constructor(folder, endpoint, env) {
    this.folder = folder;
    this.base = endpoint.url;
    this.#endpoint = endpoint;
    this.#env = env;
  }

  /** Runs a program to its end; returns { code, stdout, stderr }. */
  run = (words, env = {}, options = {}) => {
    const [command, ...args] = this.#program(words);
    return run(command, args, { cwd: this.folder, env: { ...this.#env, ...env }, timeout: BUILD_LIMIT, ...options });
  };

  /** Runs a server while `work` runs, which gets the server's address. */
  serving = async (words, { cwd = this.folder, env = {}, portIn = "--port" }, work) => {
    const port = await freePort();
    const [command, ...args] = this.#program(words);
    const given = portIn.startsWith("-") ? [...args, portIn, String(port)] : args;
    const own = portIn.startsWith("-") ? env : { ...env, [portIn]: String(port) };
    const child = spawn(command, given, { cwd, env: { ...this.#env, ...own }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    const exited = once(child, "exit");
    const kill = () => process.kill(-child.pid, "SIGKILL");
    process.once("exit", kill);
    try {
      await listening(port, child);
      return await work(`http://127.0.0.1:${port}`);
    } catch (error) {
      throw new Stop(`${words.join(" ")}: ${error.message}\n${output.slice(-3000)}`);
    } finally {
      process.off("exit", kill);
      if (child.exitCode === null && child.signalCode === null) kill();
      await exited;
    }
  };

  /** The same for a server whose folder is copied elsewhere, as in a deployment: nothing else is next to it. */
  servingCopy = async (built, words, options, work) => {
    const cwd = await mkdtemp(join(tmpdir(), "hfetch-deployed-"));
    try {
      await cp(join(this.folder, built), cwd, { recursive: true, verbatimSymlinks: true });
      return await this.serving(words, { ...options, cwd }, work);
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  };

  /** Has a server's route run the three checks, and then leaves in the middle of an answer. Returns a row of the table. */
  ask = async (url) => {
    const results = await this.#counted(async () => {
      const response = await fetch(`${url}?base=${encodeURIComponent(this.base)}`, { signal: AbortSignal.timeout(ASK_LIMIT) });
      const text = await response.text();
      return response.ok ? JSON.parse(text) : everyWay(`the route answered ${response.status}: ${text.slice(0, 1000)}`);
    });
    return { ...results, visitor: await this.#leave(url) };
  };

  /** The same if the three checks run when a page is rendered, which contains their results. */
  askPage = (url) =>
    this.#counted(async () => {
      const response = await fetch(`${url}?base=${encodeURIComponent(this.base)}`, { signal: AbortSignal.timeout(ASK_LIMIT) });
      return found((await response.text()).replaceAll("&quot;", '"'));
    });

  /** The same if a program prints the results of the three checks. */
  askProgram = (words, env) => this.#counted(async () => found(await this.run(words, { ...env, BASE: this.base }, { check: false }).then(({ stdout, stderr }) => stdout + stderr)));

  /** The same by any means: `work` gets the address of the endpoint and returns the results of the three checks. */
  askBy = (work) => this.#counted(() => work(this.base));

  /** The same in Chromium: with the page `html`, next to which the folder's files are served, under a policy that is made for the endpoint's address. */
  inPage = async (html, policy) => {
    const head = { "content-type": "text/html", "content-security-policy": policy(this.base) };
    const server = await serve({ folders: { "/": this.folder }, routes: { "/page.html": (request, response) => response.writeHead(200, head).end(html) } });
    try {
      return await this.#counted(() => reported(`${server.url}/page.html?base=${encodeURIComponent(this.base)}`, []));
    } finally {
      await server.close();
    }
  };

  /** The same with a page of the extension in the folder. */
  inExtension = (page) => {
    const flags = [`--load-extension=${this.folder}`, `--disable-extensions-except=${this.folder}`, "--disable-features=DisableLoadExtensionCommandLineSwitch"];
    // Chromium derives the id of an unpacked extension from its folder.
    const id = createHash("sha256").update(this.folder).digest("hex").slice(0, 32).replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 16)));
    return this.#counted(() => reported(`chrome-extension://${id}/${page}?base=${encodeURIComponent(this.base)}`, flags));
  };

  async #counted(work) {
    this.#endpoint.script("cancel", [{ delayMs: 5 }]);
    const results = await work();
    if (results.cancel === "ok") {
      const { disconnected } = await this.#endpoint.stats("cancel", "disconnected:1");
      if (disconnected < 1) results.cancel = "the upstream socket stayed open";
    }
    return results;
  }

  /** Whether a host notices that its visitor has gone, so that the call to the model ends too. */
  async #leave(url) {
    this.#endpoint.script("visitor", [{ delayMs: 20 }]);
    const left = new AbortController();
    const response = await fetch(`${url}?pass=1&base=${encodeURIComponent(this.base)}`, { signal: left.signal });
    const reader = response.body.getReader();
    const { value } = await reader.read();
    left.abort();
    if (!new TextDecoder().decode(value).startsWith("data:")) return `the answer begins with ${new TextDecoder().decode(value).slice(0, 200)}`;
    const { disconnected } = await this.#endpoint.stats("visitor", "disconnected:1");
    return disconnected > 0 ? "ok" : "the call to the model went on";
  }

  #program([name, ...args]) {
    if (name === "node") return [programs.node24, ...args];
    if (name === "wrangler") return [programs.node24, join(this.folder, "node_modules/wrangler/bin/wrangler.js"), ...args];
    return [name, ...args];
  }
}

const everyWay = (problem) => ({ stream: problem, cancel: problem, error: problem });

function found(text) {
  const [json] = /\{"stream":"(?:[^"\\]|\\.)*","cancel":"(?:[^"\\]|\\.)*","error":"(?:[^"\\]|\\.)*"\}/.exec(text) ?? [];
  return json ? JSON.parse(json) : everyWay(`nothing was reported: ${text.slice(-2000)}`);
}

/** The lines about the three checks that a page in Chromium writes to its console. */
async function reported(url, flags) {
  const { chromium } = await import("playwright-core");
  const profile = await mkdtemp(join(tmpdir(), "hfetch-browser-"));
  const options = { executablePath: await browsers.Chromium.find(), headless: false, args: [...chromiumFlags, ...flags], ignoreDefaultArgs: ["--disable-extensions"], timeout: START_LIMIT };
  const context = await chromium.launchPersistentContext(profile, options);
  try {
    const page = await context.newPage();
    let lines = "";
    const written = new Promise((resolve) => {
      const read = (line) => {
        lines += `${line}\n`;
        if (line.includes('{"stream":')) resolve();
      };
      page.on("console", (message) => read(message.text()));
      page.on("pageerror", ({ message }) => read(message));
      setTimeout(resolve, ASK_LIMIT).unref();
    });
    await page.goto(url);
    await written;
    return found(lines);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function listening(port, child) {
  for (const end = Date.now() + START_LIMIT; Date.now() < end; ) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
    const answered = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(30_000) }).then((response) => response.text().then(() => true), () => false);
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`nothing answered on port ${port} within ${START_LIMIT / 1000} s`);
}

/** A host returns one row, or several by name. */
function rowsOf(name, given) {
  if (WAYS.some((way) => way in given) || "other" in given) return { [name]: given };
  return Object.fromEntries(Object.entries(given).map(([part, row]) => [`${name}: ${part}`, row]));
}

async function command() {
  const { values } = parseArgs({ options: { only: { type: "string" }, cheap: { type: "boolean" } } });
  const all = (await readdir(HOSTS, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const wanted = values.only?.split(",") ?? (values.cheap ? CHEAP : all);
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length) throw new Stop(`no such host: ${unknown.join(", ")}; there are ${all.join(", ")}`);
  const report = new Report();
  const out = await builtPackage();
  const packed = await mkdtemp(join(tmpdir(), "hfetch-packed-"));
  const { tarball } = await pack(out, packed);
  const { startEndpoint } = await import("../tests/endpoint/server.mjs");
  const endpoint = await startEndpoint();
  const table = new HostTable();
  const env = { ...(await runtimeEnvironment()), CI: "true", NEXT_TELEMETRY_DISABLED: "1", NUXT_TELEMETRY_DISABLED: "1", ASTRO_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false", NODE_ENV: undefined };
  try {
    for (const name of wanted) {
      let folder;
      await report.part(name, async () => {
        folder = await lay(name, tarball);
        return { passed: 1, failed: 0 };
      });
      if (!folder) continue;
      const { hosts } = await import(pathToFileURL(join(folder, "host.mjs")));
      for (const [title, work] of Object.entries(hosts)) {
        table.begin(title);
        await report.part(title, async () => table.add(rowsOf(title, await work(new Host(folder, endpoint, env)))));
      }
    }
  } finally {
    await endpoint.close();
    await rm(packed, { recursive: true, force: true });
  }
  await table.write(join(root, "target/hosts"));
  report.finish();
}

await main(command, import.meta.url);
