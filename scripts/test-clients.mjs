// npm run test:clients [-- --language javascript|python --only name,name --slow ms]: other people's clients as callers of the gateway, with a model's server that can
// break off and be slow. Without --language and --only it writes the table in docs/results.md anew.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { clients } from "../tests/system/clients/clients.mjs";
import { features, multiplied } from "../tests/system/clients/feature.mjs";
import { startModelServer } from "../tests/system/clients/server.mjs";
import { builtPackage } from "./build.mjs";
import { NotRun } from "./report.mjs";
import { ci, main, npmInstall, root, run, Stop, which } from "./run.mjs";
import { sideBySide } from "./side-by-side.mjs";
import { startWorker } from "./workerd.mjs";

const FOLDER = join(root, "tests/system/clients");
const VENV = join(root, "target/clients/venv");
const RESULTS = join(root, "docs/results.md");
const HEADING = "## Clients through the gateway";
const SLOW = 85_000; // ms
const SLOW_IN_CI = 9_000; // later than the headers that the gateway sends before it has an answer
const PATIENCE = 300_000; // ms for one feature
const AT_ONCE = 8; // most of the time they wait

const WORKER = `import { LimitObject, gateway } from "hfetch/gateway";
export { LimitObject };
const authorize = async (request) => {
  const client = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  return client && { client, limits: client.startsWith("limited") ? { requestsPerMinute: 1 } : {} };
};
export default gateway({ authorize });`;

/** Each function prepares what its clients need, and returns the program that runs them. */
const languages = {
  async javascript() {
    await npmInstall(FOLDER);
    return { command: join(FOLDER, "node_modules/.bin/node"), args: (module) => [join(FOLDER, "javascript/run.mjs"), module] };
  },
  async python() {
    const python = which("python3");
    if (!python) throw new NotRun("there is no python3");
    const requirements = join(FOLDER, "requirements.txt");
    const marker = join(VENV, "installed.txt");
    const wanted = await readFile(requirements, "utf8");
    if (!existsSync(marker) || (await readFile(marker, "utf8")) !== wanted) {
      console.log("installing the Python clients");
      const install = async (...args) => {
        const { code, stdout, stderr } = await run(args[0], args.slice(1), { check: false, timeout: 600_000 });
        if (code !== 0) throw new NotRun(`${args.slice(1, 4).join(" ")} failed: ${(stdout + stderr).trim().split("\n").at(-1)}`);
      };
      await install(python, "-m", "venv", VENV);
      // The list is complete, so nothing has to be resolved.
      await install(join(VENV, "bin/python"), "-m", "pip", "install", "--no-deps", "--no-compile", "--quiet", "--requirement", requirements);
      await writeFile(marker, wanted);
    }
    return { command: join(VENV, "bin/python"), args: (module) => [join(FOLDER, "python/run.py"), module] };
  },
};

/** A client's process: ask() returns its report on one order. */
function start({ command, args }, { module }, env) {
  const child = spawn(command, args(module), { cwd: FOLDER, env, stdio: ["pipe", "pipe", "pipe"] });
  let printed = "";
  child.stderr.on("data", (data) => (printed = (printed + data).slice(-4_000)));
  const waiting = [];
  createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("@{") && waiting.shift()?.(JSON.parse(line.slice(1))));
  child.on("error", (error) => (printed += error.message));
  child.on("close", () => waiting.splice(0).forEach((tell) => tell({ error: { message: `it ended: ${printed.trim()}` } })));
  child.stdin.on("error", () => {});
  return {
    ask: (order) =>
      new Promise((resolve) => {
        const alarm = setTimeout(resolve, PATIENCE, { error: { message: `it said nothing for ${PATIENCE / 1_000} s` } });
        const tell = (told) => {
          clearTimeout(alarm);
          resolve(told);
        };
        if (child.exitCode !== null) return tell({ error: { message: `it ended: ${printed.trim()}` } });
        waiting.push(tell);
        child.stdin.write(`${JSON.stringify(order)}\n`);
      }),
    close: () => child.kill(),
  };
}

/** { feature: { passed, reason? } }, and how many times a failing server is asked. */
async function tryOut(client, ready, { env, seen, withRetries }) {
  const program = start(ready, client, env);
  const ask = (feature, model, { key = `key-of-${client.module}`, retries } = {}) => program.ask({ feature, model, key, retries });
  const context = { ask, seen, name: client.module };
  const results = {};
  for (const [name, { run: attempt }] of Object.entries(features)) {
    const without = client.without[name];
    results[name] = without ? { without } : await attempt(context).then(() => ({ passed: true }), (error) => ({ passed: false, reason: error.message }));
  }
  if (withRetries) results.retries = await multiplied(context).catch((error) => error.message);
  program.close();
  return results;
}

const cell = ({ passed, without }) => (without ? "–" : passed ? "✔" : "✖");

function table(results, versions, slow) {
  const titles = Object.values(features).map(({ title }) => title);
  const rows = results.map(({ client, outcome }) => {
    const cells = Object.keys(features).map((name) => (outcome.notRun ? "not run" : cell(outcome[name])));
    return `| ${[`\`${client.name}\` ${versions[client.module]}`, client.language === "python" ? "Python" : "JavaScript", ...cells, outcome.notRun ? "" : outcome.retries].join(" | ")} |`;
  });
  const reasons = new Map();
  for (const { client } of results) for (const [name, reason] of Object.entries(client.without)) reasons.set(`${features[name].title}: ${reason}`, [...(reasons.get(`${features[name].title}: ${reason}`) ?? []), client.name]);
  const notes = [...reasons].map(([reason, names]) => `- ${reason} (${[...new Set(names)].join("; ")})`);
  return `${HEADING}

Other projects' clients call a scripted model server through the gateway in workerd. \`npm run test:clients\` writes this table. "Slow head" means that the head of the response comes only
after ${slow / 1_000} s; the gateway has its default timeouts. "Cut event" means that a stream is cut in the middle of an event: the client must report that the answer broke off, and must not send the request again. The last column shows how many
requests the model server gets for one call that it answers with 503, when the client has its default settings. The gateway itself tries three times.

| client | | ${titles.join(" | ")} | requests for a 503 |
|---|---|${titles.map(() => ":-:").join("|")}|--:|
${rows.join("\n")}

A dash means that the client doesn't have the feature:

${notes.join("\n")}
`;
}

async function versionsOf() {
  const { devDependencies } = JSON.parse(await readFile(join(FOLDER, "package.json"), "utf8"));
  const pinned = Object.fromEntries((await readFile(join(FOLDER, "requirements.txt"), "utf8")).split("\n").filter(Boolean).map((line) => line.split("==")));
  const packages = { "pydantic-ai": "pydantic-ai-slim", "llama-index": "llama-index-core", huggingface_hub: "huggingface-hub" };
  return Object.fromEntries(clients.map(({ name, language, module }) => {
    const [bare] = name.split(/, | \+ /);
    return [module, (language === "python" ? pinned[packages[bare] ?? bare] : devDependencies[bare]) ?? ""];
  }));
}

async function ready(language) {
  try {
    return await languages[language]();
  } catch (error) {
    if (error instanceof NotRun) return { notRun: error.message };
    throw error;
  }
}

function tell({ client, outcome }) {
  const name = `${client.name} (${client.language})`.padEnd(46);
  if (outcome.notRun) return console.log(`– ${name} not run: ${outcome.notRun}`);
  const failed = Object.keys(features).filter((feature) => outcome[feature].passed === false);
  const asked = outcome.retries === undefined ? "" : `, a 503 is asked for ${outcome.retries} times`;
  console.log(`${failed.length ? "✖" : "✔"} ${name} ${Object.keys(features).map((feature) => cell(outcome[feature])).join(" ")}${asked}`);
  for (const feature of failed) console.log(`    ${features[feature].title}: ${outcome[feature].reason.slice(0, 1_500)}`);
}

async function command() {
  const { values } = parseArgs({ options: { language: { type: "string" }, only: { type: "string" }, slow: { type: "string" } } });
  const only = values.only?.split(",");
  const chosen = clients.filter(({ language, module }) => (values.language ?? language) === language && (!only || only.includes(module)));
  if (chosen.length === 0) throw new Stop(`no such client; there are ${clients.map(({ module }) => module).join(", ")}`);
  await npmInstall();
  const pkg = await builtPackage();
  const slow = Number(values.slow ?? (ci ? SLOW_IN_CI : SLOW));
  const server = await startModelServer({ slow });
  const gateway = await startWorker({ pkg, worker: WORKER, env: { HF_TOKEN: "hf_operator", HF_BASE_URL: server.url }, log() {} });
  const results = [];
  try {
    const programs = {};
    for (const language of new Set(chosen.map(({ language }) => language))) programs[language] = await ready(language);
    const env = { ...process.env, BASE_URL: `${gateway.url}/v1`, HFETCH_PACKAGE: pkg, OPENAI_API_KEY: "none", NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
    await sideBySide(chosen.map((client) => async () => {
      const program = programs[client.language];
      const outcome = program.notRun ? { notRun: program.notRun } : await tryOut(client, program, { env, seen: server.seen, withRetries: !ci });
      results.push({ client, outcome });
      tell(results.at(-1));
    }), AT_ONCE);
  } finally {
    await gateway.close();
    server.close();
  }
  results.sort((one, other) => clients.indexOf(one.client) - clients.indexOf(other.client));
  if (!values.language && !only && !ci) await writeTable(table(results, await versionsOf(), slow));
  const failed = results.filter(({ outcome }) => (outcome.notRun ? ci : Object.keys(features).some((name) => outcome[name].passed === false)));
  console.log(`\n${results.length - failed.length} clients passed, ${failed.length} failed`);
  if (failed.length) process.exitCode = 1;
}

/** The last section of the page of results. */
async function writeTable(section) {
  await mkdir(join(root, "target/clients"), { recursive: true });
  await writeFile(join(root, "target/clients/table.md"), section);
  const page = await readFile(RESULTS, "utf8");
  const at = page.indexOf(HEADING);
  await writeFile(RESULTS, `${(at < 0 ? page : page.slice(0, at)).trimEnd()}\n\n${section}`);
}

await main(command, import.meta.url);
