// The runtimes in which the list of scenarios runs, each with a function that runs it on an installed package.
import { randomUUID } from "node:crypto";
import { delimiter, join } from "node:path";
import { browsers, openPage } from "./browser.mjs";
import { NotRun } from "./report.mjs";
import { npmInstall, root, run, Stop } from "./run.mjs";
import { serve } from "./serve.mjs";

const TIME_LIMIT = 300_000;
const RUNTIMES = join(root, "tests/package/runtime");
const PROGRAMS = join(RUNTIMES, "node_modules/.bin");

/** The programs that `runtimeEnvironment` installs. */
export const programs = { node24: join(PROGRAMS, "node"), deno: join(PROGRAMS, "deno"), bun: join(PROGRAMS, "bun") };

/** Installs the runtimes that npm has. Returns an environment in which Node 24 comes first. */
export async function runtimeEnvironment() {
  await npmInstall(RUNTIMES);
  return { ...process.env, PATH: `${PROGRAMS}${delimiter}${process.env.PATH}` };
}

/** Each function runs a list of scenarios, the "whole" or the "short" one, on the package installed in `folder` against `endpoint`, and returns their results. */
export const runtimes = {
  node: (context) => commandLine(process.execPath, [], "cli.mjs", "node", context),
  "node-require": (context) => commandLine(process.execPath, [], "cli.cjs", "node", context),
  node24: (context) => commandLine(programs.node24, [], "cli.mjs", "node", context),
  "node24-require": (context) => commandLine(programs.node24, [], "cli.cjs", "node", context),
  deno: (context) => commandLine(programs.deno, ["run", "--no-prompt", "--allow-net", "--allow-env"], "cli.mjs", "deno", context),
  bun: (context) => commandLine(programs.bun, [], "cli.mjs", "bun", context),
  workerd: (context) => workerd("esbuild", context),
  "workerd-wrangler": (context) => workerd("wrangler", context),
  chromium: (context) => browser("Chromium", context),
  "chromium-slim": (context) => browser("Chromium", context, "page-slim.mjs"),
  "chromium-old": (context) => browser("Chromium", context, "page-old.mjs"),
  firefox: (context) => browser("Firefox", context),
  webkit: (context) => browser("WebKit", context),
};

/** Runtimes whose engine runs the whole list elsewhere: they only add another way of loading the package. */
const LOADED_OTHERWISE = new Set(["node-require", "node24-require", "workerd-wrangler", "chromium-slim"]);
/** Runtimes that start slowly, and that for a long time have found nothing that Chromium had not found. */
const BEFORE_A_RELEASE = new Set(["firefox", "webkit"]);

/** Where the scenarios run, and which list: { name: list }. Before a release all places run the whole list. */
export function placesToRun({ all }) {
  const names = Object.keys(runtimes).filter((name) => all || !BEFORE_A_RELEASE.has(name));
  return Object.fromEntries(names.map((name) => [name, all || !LOADED_OTHERWISE.has(name) ? "whole" : "short"]));
}

async function commandLine(program, flags, file, runtime, { folder, endpoint, list }) {
  const env = program.startsWith(PROGRAMS) ? await runtimeEnvironment() : process.env;
  const args = [...flags, join(folder, "tests/package/runtime", file), runtime, endpoint, list];
  return resultsOf(await run(program, args, { cwd: folder, env, check: false, timeout: TIME_LIMIT }));
}

async function workerd(bundler, { folder, endpoint, list }) {
  const env = await runtimeEnvironment();
  const args = [join(RUNTIMES, "workerd.mjs"), folder, endpoint, bundler, list];
  return resultsOf(await run(programs.node24, args, { env, check: false, timeout: TIME_LIMIT }));
}

// The key of every client in the scenarios.
const KEY = "hf_scenario";

// The results are the last line; the scenarios have logged everything else, or it belongs to what went wrong.
function resultsOf({ code, stdout, stderr }) {
  const lines = stdout.trim().split("\n");
  const last = lines.pop();
  if (code !== 0 || !last.startsWith("{")) throw new Stop(`ended with ${code} and no results\n${(stdout + stderr).trim().slice(-4000)}`);
  const guilty = [...lines, ...stderr.split("\n")].filter((line) => line.includes(KEY));
  const printed = { name: "nothing that was printed holds a key", ok: guilty.length === 0, ms: 0, error: guilty.join("\n") };
  return [...JSON.parse(last).results, printed];
}

async function browser(name, { folder, endpoint, list }, script = "page.mjs") {
  const server = await serve({ folders: { "/": folder }, routes: { "/page": page(script, endpoint) } });
  try {
    return await pageResults(name, `${server.url}/page`, endpoint, list);
  } finally {
    await server.close();
  }
}

/** Opens a page that runs the scenarios, and returns what it reports. */
export async function pageResults(name, url, endpoint, list = "whole") {
  const path = await browsers[name].find().catch((error) => {
    throw new NotRun(error.message);
  });
  let reported;
  const report = new Promise((resolve) => (reported = resolve));
  const server = await serve({ folders: {}, routes: { "/report": receive(reported) } });
  const query = new URLSearchParams({ endpoint, runtime: name.toLowerCase(), report: `${server.url}/report`, list });
  const close = await openPage(name, path, `${url}?${query}`);
  const timer = setTimeout(reported, TIME_LIMIT, { error: `nothing was reported within ${TIME_LIMIT / 1000} s` });
  try {
    const { results, error } = await report;
    if (error) throw new Stop(`${path}: ${error}`);
    return results;
  } finally {
    clearTimeout(timer);
    await close();
    await server.close();
  }
}

function receive(reported) {
  return (request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      response.end();
      reported(JSON.parse(Buffer.concat(chunks)));
    });
  };
}

// The strictest policy under which WebAssembly runs, so that every browser test also tests that policy.
function page(script, endpoint) {
  const nonce = randomUUID();
  // The server that takes the report has a port of its own.
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-${nonce}'; connect-src 'self' ${endpoint} http://127.0.0.1:*`;
  const imports = { hfetch: "/node_modules/hfetch/dist/index.js", "hfetch/slim": "/node_modules/hfetch/dist/slim.js" };
  const html = `<!doctype html><meta charset="utf-8"><title>hfetch</title>
<script type="importmap" nonce="${nonce}">${JSON.stringify({ imports })}</script>
<script type="module" src="/tests/package/runtime/${script}"></script>`;
  return (request, response) => response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy }).end(html);
}
