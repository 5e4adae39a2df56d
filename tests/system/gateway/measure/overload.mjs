// How much time excessive callers and servers cost a gateway, measured in a process of its own: overload.mjs <the package's folder>. Prints one line of JSON.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const load = (name) => import(pathToFileURL(join(process.argv[2], "dist", name)));
await load("index.js");
const { gateway } = await load("gateway.js");

const KEY = "a-key-of-this-gateway";
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const MESSAGES = [{ role: "user", content: "Name three rivers." }];
const encoder = new TextEncoder();
const ANSWER = JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: MODEL, choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }] });

const asks = (body, more = "") => `{"model":"${MODEL}","messages":[{"role":"user","content":"x"}],${more}${body}}`;
const keys = (count) => Array.from({ length: count }, (_, at) => `"${at.toString(36)}":1`).join();
/** Bodies of about 4 MB, each the most expensive of its kind to parse. */
const BODIES = {
  "words": JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "x y ".repeat(1_000_000) }] }),
  "empty lists": asks(`"x":[${"[],".repeat(1_300_000)}[]]`),
  "messages": JSON.stringify({ model: MODEL, messages: Array(110_000).fill({ role: "user", content: "x" }) }),
  "members": asks(keys(420_000)),
  "escapes": asks(`"x":"${"\\u0041".repeat(650_000)}"`),
};
const TIMES = 10;

/** ms of processor time, and of the clock, that some work takes. */
async function timed(work) {
  const [before, since] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1_000, ms: performance.now() - since };
}

const request = (body) => new Request("http://gateway.test/v1/chat/completions", { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body });

async function status(service, body) {
  const response = await service.fetch(request(body), {}, {});
  await response.arrayBuffer();
  return response.status;
}

/** The cost of a body if its caller is over a limit of requests, and of the same body if it is let through. */
async function refused(text) {
  const bytes = encoder.encode(text);
  const open = (limits) => gateway({ apiKeys: ["hf_of_the_operator"], clientKeys: [KEY], clientLimits: limits, fetch: async () => new Response(ANSWER) });
  const closed = open({ requestsPerMinute: 1 });
  // The second call is refused, and from then on the gateway knows that others would be.
  for (let at = 0; at < 2; at++) await status(closed, JSON.stringify({ model: MODEL, messages: MESSAGES }));
  const statuses = new Set();
  const over = await timed(async () => {
    for (let at = 0; at < TIMES; at++) statuses.add(await status(closed, bytes));
  });
  const within = await timed(async () => statuses.add(await status(open({}), bytes)));
  return { bytes: bytes.length, statuses: [...statuses], refused: over.cpu / TIMES, sent: within.cpu };
}

const event = (delta, reason) => `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
/** The bytes that may follow the end of a stream, in pieces of 1 kB. */
const TAILS = { "a comment": ["x".repeat(1_000), ":"], "comments": [": x\n".repeat(250), ""], "an event of empty lines": ["data: x\n".repeat(125), ""], "empty events": [":\n\n".repeat(333), ""] };

/** How long a gateway works on a stream with so many kB after its end. */
async function tail([piece, beginning], count) {
  let at = 0;
  const pull = (controller) => {
    if (at === 0) controller.enqueue(encoder.encode(event({ content: "hi" }, null) + event({}, "stop") + beginning));
    else controller.enqueue(encoder.encode(piece));
    if (at++ === count) controller.close();
  };
  const fetch = async () => new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
  const service = gateway({ apiKeys: ["hf_of_the_operator"], clientKeys: [KEY], fetch });
  const { ms } = await timed(() => status(service, JSON.stringify({ model: MODEL, messages: MESSAGES, stream: true })));
  return { ms, read: at * 1_000 };
}

const log = console.log;
console.log = () => {};
await tail(TAILS.comments, 100);
const bodies = {};
for (const [kind, text] of Object.entries(BODIES)) bodies[kind] = await refused(text);
const tails = {};
for (const [kind, parts] of Object.entries(TAILS)) tails[kind] = { half: await tail(parts, 2_000), whole: await tail(parts, 4_000) };
log(JSON.stringify({ bodies, tails }));
