// hfetch/gateway wherever it is loaded: it uses the client that the program gets from "hfetch", and nothing is loaded twice.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { installPacked } from "../../../scripts/install.mjs";
import { run } from "../../../scripts/run.mjs";
import { programs, runtimeEnvironment } from "../../../scripts/runtimes.mjs";
import * as taken from "../../../src/js/gateway/client.js";
import { endpoint, KEY, MESSAGES, MODEL, pkg, TOKEN } from "./setting/running.mjs";

const PROGRAM = `import { LimitObject, durableStore, gateway, issueTicket } from "hfetch/gateway";
import { ConfigError } from "hfetch";

const env = ${JSON.stringify({ HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/v1`, GATEWAY_CLIENT_KEYS: KEY, GATEWAY_REQUESTS_PER_MINUTE: "1" })};
const init = ${JSON.stringify({ method: "POST", headers: { authorization: `Bearer ${KEY}` }, body: JSON.stringify({ model: MODEL, messages: MESSAGES }) })};
const handler = gateway();
const ask = () => handler.fetch(new Request("https://gateway.example/v1/chat/completions", init), env, {});
const { choices } = await (await ask()).json();
let refusal;
try {
  durableStore(null);
} catch (error) {
  refusal = error instanceof ConfigError;
}
const ticket = await issueTicket("a secret of the operator's, long enough", { client: "ann", expiresIn: 1000 });
console.log("@" + JSON.stringify([choices[0].message.content.slice(0, 8), (await ask()).status, refusal, ticket.slice(0, 5), new LimitObject({ storage: 1 }).ctx.storage]));
`;
const ANSWER = ["You said", 429, true, "hft1.", 1];

let folder, env;
before(async () => {
  env = await runtimeEnvironment();
  folder = await installPacked(pkg, await mkdtemp(join(tmpdir(), "hfetch-entries-")));
  await writeFile(join(folder, "program.mjs"), PROGRAM);
});
after(() => rm(folder, { recursive: true, force: true }));

test("the gateway has all it takes of the client, by import", async () => {
  const { HuggingFace, internals } = await import(pathToFileURL(join(pkg, "dist/index.js")).href);
  taken.runOn(HuggingFace, internals);
  assert.deepEqual(Object.keys(taken).filter((name) => taken[name] === undefined), []);
  assert.deepEqual(Object.getOwnPropertySymbols(HuggingFace), []);
});

async function answers(program, ...args) {
  const { stdout } = await run(program, args, { cwd: folder, env });
  assert.deepEqual(JSON.parse(/^@(.*)$/m.exec(stdout)[1]), ANSWER);
}

const bundled = (conditions, more) =>
  build({ absWorkingDir: folder, entryPoints: ["program.mjs"], bundle: true, minify: true, format: "esm", platform: "neutral", conditions, metafile: true, logLevel: "silent", external: ["*.wasm", "*.wasm?module", "cloudflare:workers"], ...more });

for (const [name, program, ...args] of [
  ["Node", process.execPath], ["Node 24", programs.node24], ["Deno", programs.deno, "run", "--no-prompt", "--allow-net", "--allow-env"], ["Bun", programs.bun],
]) {
  test(`in ${name}`, () => answers(program, ...args, join(folder, "program.mjs")));
}

test("bundled and minified by esbuild", async () => {
  const outfile = join(folder, "bundled.mjs");
  await bundled([], { outfile });
  await answers(process.execPath, outfile);
});

const OF_WORKERS = ["core.js", "workerd.js"];
for (const [conditions, client, entry = "gateway.js"] of [
  [["default"], ["index.js"]], [["workerd"], OF_WORKERS, "gateway.workerd.js"], [["edge-light"], OF_WORKERS],
  [["wintercg", "workerd"], ["index.js"]], [["wintercg", "workerd", "unwasm"], OF_WORKERS],
]) {
  test(`for ${conditions.join(", ")} a bundle holds one client and one gateway`, async () => {
    const { metafile } = await bundled(conditions, { write: false });
    const files = Object.keys(metafile.inputs).map((path) => basename(path)).filter((name) => name !== "program.mjs");
    assert.deepEqual(files.sort(), [...client, "gateway-core.js", entry].sort());
  });
}
