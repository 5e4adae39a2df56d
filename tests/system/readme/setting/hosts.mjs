// The places in which a snippet of the documents can run, each with a function that runs it unchanged. A project is a folder in which the package is installed.
// The result is what the snippet printed or showed.

import { randomUUID } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { npmInstall, root, run } from "../../../../scripts/run.mjs";
import { pageResults, programs, runtimeEnvironment } from "../../../../scripts/runtimes.mjs";
import { serve } from "../../../../scripts/serve.mjs";
import { startWorker } from "../../../../scripts/workerd.mjs";

const TIME_LIMIT = 60_000;
const TOKENS = { HF_TOKEN: "hf_reader", HF_TOKENS: "hf_one,hf_two", NO_COLOR: "1" };
const READER = fileURLToPath(new URL("reader.mjs", import.meta.url));
const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
const LIBRARIES = join(root, "tests/system/libraries");
const MODULE = "/node_modules/hfetch/dist/index.js";

/** A project with the package, a validator, and the documents' own files. Returns its folder. */
export async function newProject(packageFolder, files) {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-readme-"));
  await cp(packageFolder, join(folder, "node_modules/hfetch"), { recursive: true, dereference: true });
  await npmInstall(LIBRARIES);
  await symlink(join(LIBRARIES, "node_modules/zod"), join(folder, "node_modules/zod"), "junction");
  await writeFile(join(folder, "package.json"), '{ "private": true, "dependencies": { "hfetch": "*" } }\n');
  for (const { file, code } of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), code);
  }
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
}

async function program(command, args, { folder, line, code, endpoint }, env = process.env) {
  const file = join(folder, `line-${line}.mjs`);
  await writeFile(file, code);
  const { stdout } = await run(command, [...args, file, endpoint.url], { cwd: folder, env: { ...env, ...TOKENS }, timeout: TIME_LIMIT });
  return stdout;
}

/** Runs a test file with the runtime's own test runner. */
async function tests(command, { folder, line, code }, env = process.env) {
  const file = join(folder, `line-${line}.test.mjs`);
  await writeFile(file, code);
  // With this variable it would report to the runner of this test, and print nothing.
  const { NODE_TEST_CONTEXT, ...rest } = env;
  const { stdout } = await run(command, ["--test", "--test-reporter=tap", file], { cwd: folder, env: rest, timeout: TIME_LIMIT });
  return stdout;
}

/** A page with its visitor. `head` says where the package is; its requests go to `standIn`. */
async function page(browser, head, code, { folder, endpoint }, standIn = endpoint.url, ticket = "") {
  const html = `<!doctype html><meta charset="utf-8"><script src="/visitor.js"></script>${head}${code}`;
  const visitor = await readFile(new URL("visitor.js", import.meta.url));
  const routes = {
    "/page": (request, response) => response.writeHead(200, { "content-type": "text/html" }).end(html),
    "/visitor.js": (request, response) => response.writeHead(200, { "content-type": "text/javascript" }).end(visitor),
    "/ticket": (request, response) => response.end(ticket),
  };
  const server = await serve({ folders: { "/": folder }, routes });
  try {
    return await pageResults(browser, `${server.url}/page`, standIn);
  } finally {
    await server.close();
  }
}

/** The work that a bundler would do for the page. */
const bundled = `<script type="importmap">{ "imports": { "hfetch": "${MODULE}", "hfetch/web": "/node_modules/hfetch/dist/web.js" } }</script>`;
const CDN = "https://cdn.jsdelivr.net/npm/hfetch@0.1/dist/index.js";

/** The head that a snippet wants in a page; what it takes from the CDN comes from the installed package instead. */
function fromCdn(head) {
  if (!head.includes(CDN)) throw new Error(`the snippet names another address than ${CDN}`);
  return head.replace(CDN, MODULE);
}

const GATEWAY_ADDRESS = "https://gateway.example.com";
const GATEWAY = 'import { LimitObject, gateway } from "hfetch/gateway";\nexport { LimitObject };\nexport default gateway();\n';

/** A page whose requests go to a gateway in workerd. Only the gateway has the token; the page has a ticket. */
async function behindGateway(browser, snippet) {
  const pkg = join(snippet.folder, "node_modules/hfetch");
  const { issueTicket } = await import(pathToFileURL(join(pkg, "dist/gateway.js")).href);
  const secret = randomUUID();
  const env = { HF_TOKEN: "hf_reader", HF_BASE_URL: `${snippet.endpoint.url}/v1`, GATEWAY_TICKET_SECRET: secret, GATEWAY_URL: GATEWAY_ADDRESS, GATEWAY_ORIGINS: "*" };
  const gateway = await startWorker({ pkg, worker: GATEWAY, env, log: () => {} });
  try {
    const ticket = await issueTicket(secret, { client: "reader", expiresIn: TIME_LIMIT, audience: GATEWAY_ADDRESS });
    return await page(browser, bundled, `<body></body><script type="module">${snippet.code}</script>`, snippet, gateway.url, ticket);
  } finally {
    await gateway.close();
  }
}

const inBrowsers = (show) => Object.fromEntries(["Chromium", "Firefox", "WebKit"].map((browser) => [browser, (snippet) => show(browser, snippet)]));

/** By kind of snippet: { host: run(snippet) } with snippet = { line, code, folder, endpoint, page? }. */
export const hosts = {
  program: {
    Node: (snippet) => program(process.execPath, [READER], snippet),
    "Node 24": async (snippet) => program(programs.node24, [READER], snippet, await runtimeEnvironment()),
    Deno: async (snippet) => program(programs.deno, ["run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read", READER], snippet, await runtimeEnvironment()),
    Bun: async (snippet) => program(programs.bun, [READER], snippet, await runtimeEnvironment()),
  },
  tests: {
    Node: (snippet) => tests(process.execPath, snippet),
    "Node 24": async (snippet) => tests(programs.node24, snippet, await runtimeEnvironment()),
  },
  worker: { workerd: async (snippet) => program(programs.node24, [WORKER], snippet, await runtimeEnvironment()) },
  page: inBrowsers((browser, snippet) => page(browser, bundled, snippet.code, snippet)),
  cdn: inBrowsers((browser, snippet) => page(browser, fromCdn(snippet.code), snippet.page, snippet)),
  gateway: inBrowsers(behindGateway),
};
