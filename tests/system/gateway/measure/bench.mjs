// npm run bench:gateway [-- --rounds N] [--json]: compares the gateway with pass-through Workers in workerd, and with the Portkey gateway from npm on Node, alternately
// in one run. The model's server is a simple one on this machine, so that the way to it is measured.
import { spawn } from "node:child_process";
import { Agent, createServer, request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "../../../../scripts/build.mjs";
import { main, npmInstall, root } from "../../../../scripts/run.mjs";
import { programs, runtimeEnvironment } from "../../../../scripts/runtimes.mjs";
import { startWorker } from "../../../../scripts/workerd.mjs";
import { cpuTime } from "../../../bench/processes.mjs";

const KEY = "a-key-of-this-gateway";
const TOKENS = 1_000;
const AT_ONCE = 32;
const REQUESTS = 1_000; // per round
const STREAMS = 25;
const WARM_UP = 200;
const PACE = 2; // ms between the events of a slow stream: each is a network chunk of its own
const LARGE = 16_384; // bytes per network chunk of a stream that arrives faster than it is read
const QUESTION = { model: "org/name", messages: [{ role: "user", content: "Name three rivers." }] };

const ASK = `export { LimitObject } from "hfetch/gateway";
const ask = (request, env) => fetch(env.HF_BASE_URL + new URL(request.url).pathname.slice(3), request);`;
const BARE = `${ASK}
export default { fetch: ask };`;
// The cost for any Worker of looking at a stream, whatever it looks for.
const IN_JAVASCRIPT = `${ASK}
export default {
  async fetch(request, env) {
    const response = await ask(request, env);
    const reader = response.body.getReader();
    const pull = async (controller) => {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), response);
  },
};`;
const OURS = `import { LimitObject, gateway } from "hfetch/gateway";
export { LimitObject };
export default gateway();`;
const IN_MEMORY = `import { LimitObject, gateway } from "hfetch/gateway";
export { LimitObject };
const handler = gateway();
let variables;
export default {
  fetch(request, { LIMITS, ...others }, ctx) {
    return handler.fetch(request, (variables ??= others), ctx);
  },
};`;

const usage = { prompt_tokens: 9, completion_tokens: TOKENS, total_tokens: TOKENS + 9 };
const chunk = (delta, more = {}) => ({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_790_000_000, model: "org/name", choices: [{ index: 0, delta, logprobs: null, finish_reason: null }], ...more });
const events = [
  ...Array.from({ length: TOKENS }, (_, index) => chunk({ role: "assistant", content: ` word${index}` })),
  chunk({}, { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
  chunk({}, { choices: [], usage }),
].map((event) => `data: ${JSON.stringify(event)}\n\n`).concat("data: [DONE]\n\n");
const large = events.join("").match(new RegExp(`[^]{1,${LARGE}}`, "g"));
const whole = JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", created: 1_790_000_000, model: "org/name", choices: [{ index: 0, message: { role: "assistant", content: "Rhine, Rhône, Po." }, finish_reason: "stop" }], usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 } });

/** The model's server: a whole answer at once, a stream one event at a time. */
async function startModel() {
  const server = createServer(async (asked, answer) => {
    let body = "";
    for await (const part of asked) body += part;
    if (!JSON.parse(body).stream) return answer.writeHead(200, { "content-type": "application/json" }).end(whole);
    answer.writeHead(200, { "content-type": "text/event-stream" });
    const paced = JSON.parse(body).user === "paced";
    for (const part of paced ? events : large) {
      answer.write(part);
      await new Promise((resolve) => (paced ? setTimeout(resolve, PACE) : setImmediate(resolve)));
    }
    answer.end();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close(() => {}) && server.closeAllConnections() };
}

async function startPortkey(model) {
  const folder = join(root, "tests/system/gateway/peer");
  const env = await runtimeEnvironment();
  await npmInstall(folder, env);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const args = [join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js"), `--port=${port}`, "--headless"];
  const child = spawn(programs.node24, args, { env: { ...env, NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1" }, stdio: ["ignore", "pipe", "ignore"] });
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (data) => /Ready for connections/.test(data) && resolve());
    child.once("exit", () => reject(new Error("the Portkey gateway ended")));
  });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": model }, close: () => child.kill("SIGKILL") };
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

/** Asks once; returns { first, all } in ms and checks that the answer is complete. */
function ask({ url, headers = {} }, stream, user) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const given = { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers };
    const sent = request(`${url}/v1/chat/completions`, { method: "POST", agent, headers: given }, (answer) => {
      let first;
      let text = "";
      answer.setEncoding("utf8").on("data", (data) => {
        first ??= performance.now() - started;
        text += data;
      });
      answer.on("end", () => {
        const good = answer.statusCode === 200 && text.includes(stream ? "[DONE]" : "Rhine");
        if (good) resolve({ first, all: performance.now() - started });
        else reject(new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 300)}`));
      });
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(JSON.stringify({ ...QUESTION, stream, user }));
  });
}

const median = (values) => values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function requestsPerSecond(contender) {
  let left = REQUESTS;
  const started = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) await ask(contender, false);
  }));
  return (REQUESTS / (performance.now() - started)) * 1_000;
}

/** ms per request, one after the other. */
async function latency(contender) {
  const times = [];
  for (let at = 0; at < WARM_UP; at += 1) times.push((await ask(contender, false)).all);
  return median(times);
}

/** ms of the process's CPU per thousand tokens, and ms until the first of them. */
async function streaming(contender, user) {
  const before = await cpuTime([contender.pid]);
  const times = await Promise.all(Array.from({ length: STREAMS }, () => ask(contender, true, user)));
  return { cpu: ((await cpuTime([contender.pid])) - before) / STREAMS, first: median(times.map(({ first }) => first)) };
}

/** The measurements of a contender in one round, by name. */
async function round(contender) {
  const rps = await requestsPerSecond(contender);
  const ms = await latency(contender);
  const { cpu: paced, first } = await streaming(contender, "paced");
  const { cpu: large } = await streaming(contender);
  return { "requests a second": rps, "ms of a request": ms, [`ms to the first byte, ${STREAMS} at once`]: first, "CPU ms, one event per network chunk": paced, "CPU ms, 16 KiB a network chunk": large };
}

async function command() {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" }, json: { type: "boolean", default: false } } });
  const { out: pkg } = await buildPackage();
  const model = await startModel();
  const env = { HF_TOKEN: "hf_bench", HF_BASE_URL: model.url, GATEWAY_CLIENT_KEYS: KEY, GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "1000000" };
  const quiet = { pkg, env, log: () => {} };
  const contenders = {
    "no gateway": { url: model.url.replace(/\/v1$/, ""), pid: process.pid },
    "bare pass-through": await startWorker({ ...quiet, worker: BARE }),
    "pass-through in JavaScript": await startWorker({ ...quiet, worker: IN_JAVASCRIPT }),
    "hfetch, limits in memory": await startWorker({ ...quiet, worker: IN_MEMORY }),
    "hfetch, Durable Object": await startWorker({ ...quiet, worker: OURS }),
    Portkey: await startPortkey(model.url),
  };
  const measured = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  try {
    for (const contender of Object.values(contenders)) {
      await latency(contender);
      await streaming(contender);
    }
    for (let at = 0; at < Number(values.rounds); at += 1) {
      for (const [name, contender] of Object.entries(contenders)) measured[name].push(await round(contender));
    }
  } finally {
    for (const contender of Object.values(contenders)) await contender.close?.();
    model.close();
    agent.destroy();
  }
  show(measured, values.json);
}

function show(measured, json) {
  for (const workload of Object.keys(measured.Portkey[0])) {
    if (!json) console.log(`\n${workload}`);
    for (const [library, rounds] of Object.entries(measured)) {
      const values = rounds.map((round) => round[workload]);
      const figure = { kind: "gateway", library, workload, size: 0, median: median(values), least: Math.min(...values), most: Math.max(...values) };
      const cells = [figure.median, figure.least, figure.most].map((value) => value.toFixed(2).padStart(10));
      console.log(json ? JSON.stringify(figure) : `  ${library.padEnd(28)}${cells.join("")}`);
    }
  }
}

await main(command, import.meta.url);
