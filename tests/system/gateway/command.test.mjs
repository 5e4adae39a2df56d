// npm run gateway as a person uses it: configured by the environment, and ended by Ctrl-C.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startProgram } from "../scripts/setting/program.mjs";
import { endpoint, KEY, MESSAGES, MODEL, TOKEN } from "./setting/running.mjs";

/** Starts the command for one test; returns what it printed, the gateway's address, and a function to stop it. */
async function start(t, env, args = []) {
  const { PATH, HOME, HFETCH_PACKAGE } = process.env;
  const program = startProgram(t, "gateway.mjs", ["--port", "0", ...args], { PATH, HOME, ...(HFETCH_PACKAGE && { HFETCH_PACKAGE }), ...env });
  const [, url] = await program.shows(/The gateway: (\S+)\/v1/);
  const ask = () =>
    fetch(`${url}/v1/chat/completions`, { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body: JSON.stringify({ model: MODEL, messages: MESSAGES }) });
  return { url, ask, ...program };
}

test("it does what the environment says, and its state outlives it where a folder is named", async (t) => {
  const state = await mkdtemp(join(tmpdir(), "hfetch-state-"));
  t.after(() => rm(state, { recursive: true, force: true }));
  const env = { HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/s/command/v1`, GATEWAY_CLIENT_KEYS: `another, ${KEY}`, GATEWAY_REQUESTS_PER_MINUTE: "2", SECRET_OF_ANOTHER: "nobody's business" };
  const first = await start(t, env, ["--state", state]);
  assert.equal((await first.ask()).status, 200);
  await first.shows(/"outcome":"ok"/);
  assert.equal(await first.stop(), 0);
  await assert.rejects(fetch(first.url), "it is gone");
  const second = await start(t, env, ["--state", state]);
  assert.deepEqual([(await second.ask()).status, (await second.ask()).status], [200, 429], "one of two was used before");
  assert.equal(await second.stop(), 0);
  const { headers } = await endpoint.stats("command");
  assert.ok(headers.length === 2 && headers.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
  assert.ok(![first, second].some(({ printed }) => printed().includes(TOKEN) || printed().includes(KEY)));
});

test("what is missing is said at the start", async (t) => {
  const { stop, ask, printed } = await start(t, { HF_TOKEN: TOKEN });
  assert.equal((await ask()).status, 500);
  assert.match(printed(), /GATEWAY_CLIENT_KEYS: is not set/);
  assert.equal(await stop(), 0);
});
