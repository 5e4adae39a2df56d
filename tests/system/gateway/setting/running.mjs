// A gateway in workerd in front of a stand-in endpoint of its own, for tests that ask it over the network.
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { after } from "node:test";
import { startWorker } from "../../../../scripts/workerd.mjs";
import { npmInstall, root } from "../../../../scripts/run.mjs";
import { startEndpoint } from "../../../endpoint/server.mjs";

export const pkg = process.env.HFETCH_PACKAGE ?? join(root, "pkg");
export const KEY = "a-key-of-this-gateway";
export const TOKEN = "hf_the_operators_own_token";
export const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
export const MESSAGES = [{ role: "user", content: "Name three rivers." }];

await npmInstall(join(root, "tests/system/gateway"));
export const endpoint = await startEndpoint();
const started = [];
after(async () => {
  await Promise.all(started.map((gateway) => gateway.close()));
  await endpoint.close();
});

const WORKER = (options) => `import { LimitObject, durableStore, gateway } from "hfetch/gateway";
export { LimitObject };
export default gateway(${options});`;

let scripts = 0;

/**
 * Starts a gateway for the test file. `options` is the source of its options; `env` overrides the variables that every gateway here needs. Returns what startWorker
 * returns, and { env, lines, logged } (its variables and its log), { script, stats } (of its own script at the endpoint), { post, get, raw }.
 */
export async function startGateway({ options = "", env = {}, steps = [], ...more } = {}) {
  const id = `gateway-${(scripts += 1)}`;
  endpoint.script(id, steps);
  const lines = [];
  let rest = "";
  let heard = () => {};
  const log = (text) => {
    const whole = (rest + text).split("\n");
    rest = whole.pop();
    lines.push(...whole.filter(Boolean).map(parsed));
    heard();
  };
  const variables = { HF_TOKEN: TOKEN, HF_BASE_URL: `${endpoint.url}/s/${id}/v1`, GATEWAY_CLIENT_KEYS: KEY, ...env };
  const gateway = await startWorker({ pkg, worker: WORKER(options), env: variables, log, ...more });
  started.push(gateway);
  return {
    ...gateway,
    env: variables,
    lines,
    script: (list) => endpoint.script(id, list),
    stats: (until) => endpoint.stats(id, until),
    /** The first `count` lines that `wanted` accepts, once they are there. */
    async logged(wanted, count = 1) {
      for (;;) {
        const found = lines.filter(wanted);
        if (found.length >= count) return found;
        await new Promise((resolve) => (heard = resolve));
      }
    },
    post: (body, { path = "/v1/chat/completions", headers = {}, key = KEY, ...init } = {}) =>
      fetch(gateway.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
        body: typeof body === "object" && Object.getPrototypeOf(body) === Object.prototype ? JSON.stringify(body) : body,
        ...init,
      }),
    get: (path, headers = {}) => fetch(gateway.url + path, { headers: { authorization: `Bearer ${KEY}`, ...headers } }),
    raw: (text) => raw(gateway.port, text),
  };
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { event: "text", text: line };
  }
}

/** A server's answer to raw bytes, once it has hung up. */
async function raw(port, bytes) {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("latin1").on("data", (data) => (answer += data)).on("error", () => {});
  socket.end(bytes);
  await once(socket, "close");
  return answer;
}

/** Deterministic numbers from 0 to 1 (mulberry32). */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
