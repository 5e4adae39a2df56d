// Runs one cell: a call meets a fault, and then everything that must be true is checked, at the endpoint first. This file uses no modules of a particular runtime.
import { TEXT } from "./answers.mjs";
import { controlOf } from "./control.mjs";
import { KEYS } from "./faults.mjs";
import { POLICIES } from "./plan.mjs";
import { clearTimer, setTimer } from "./timers.mjs";

const DEADLINE = 20_000;
const MODEL = "meta-llama/Llama-3.1-8B-Instruct";
const MESSAGES = [{ role: "user", content: "Say something short." }];
const ORDINARY = /^(?:You said: | and so on, said )/;

const READERS = {
  chat: async (hf, options) => ({ text: (await started(hf, options, false)).choices?.[0]?.message?.content }),
  stream: async (hf, options) => collect(await started(hf, options, true), (chunk) => chunk?.choices?.[0]?.delta?.content),
  text: async (hf, options) => collect((await started(hf, options, true)).text(), (text) => text),
  final: async (hf, options) => ({ text: (await (await started(hf, options, true)).final()).choices?.[0]?.message?.content }),
  readable: readBytes,
  completion: async (hf, options) => ({ text: (await continued(hf, options, false)).choices?.[0]?.text }),
  "completion stream": async (hf, options) => ({ text: (await (await continued(hf, options, true)).final()).choices?.[0]?.text }),
  embeddings: async (hf, options) => {
    const pending = hf.embeddings.create({ model: "org/model", input: ["one", "two"] }, options);
    options.pending(pending);
    return { rows: (await pending).data.length };
  },
  models: async (hf, options) => ({ rows: (await hf.models.list(options)).length }),
};

function started(hf, options, stream) {
  const pending = hf.chat.completions.create({ messages: MESSAGES, stream }, options);
  options.pending(pending);
  return pending;
}

function continued(hf, options, stream) {
  const pending = hf.completions.create({ prompt: "Say something short.", stream }, options);
  options.pending(pending);
  return pending;
}

async function collect(iterable, textOf) {
  const pieces = [];
  for await (const item of iterable) {
    const text = textOf(item);
    if (typeof text === "string") pieces.push(text);
  }
  return { text: pieces.join("") };
}

async function readBytes(hf, options) {
  const reader = (await started(hf, options, true)).toReadableStream().getReader();
  const decoder = new TextDecoder();
  let bytes = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    bytes += decoder.decode(value, { stream: true });
  }
  const words = [...bytes.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map(([, text]) => {
    try {
      return JSON.parse(text);
    } catch {
      return "";
    }
  });
  return { text: words.join("") };
}

/** A signal that counts its listeners. */
function countedSignal() {
  const { signal } = new AbortController();
  const listeners = new Set();
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (type, listener, ...rest) => {
    listeners.add(listener);
    add(type, listener, ...rest);
  };
  signal.removeEventListener = (type, listener, ...rest) => {
    listeners.delete(listener);
    remove(type, listener, ...rest);
  };
  return { signal, listeners };
}

/** Whether a key occurs anywhere in what a caller can see of a value. */
export function showsKey(value, seen = new Set()) {
  if (typeof value === "string") return KEYS.some((key) => value.includes(key));
  if (value === null || typeof value !== "object" || seen.has(value)) return false;
  seen.add(value);
  const parts = Reflect.ownKeys(value).map((key) => value[key]);
  if (value instanceof Error) parts.push(String(value), value.message, value.stack, value.cause);
  if (typeof value.entries === "function" && !Array.isArray(value) && !ArrayBuffer.isView(value)) parts.push(...value.entries());
  return parts.some((part) => showsKey(part, seen));
}

function describeEnd(answer, error) {
  if (error) return [error.name, error.status, error.phase, error.code && String(error.code)].filter((part) => part !== undefined && part !== null).join(" ");
  if (answer.rows !== undefined) return answer.rows > 0 ? "ok" : "ok but empty";
  if (answer.text === TEXT || ORDINARY.test(answer.text ?? "")) return "ok";
  return typeof answer.text === "string" && answer.text !== "" && TEXT.startsWith(answer.text) ? "ok but short" : "ok but other";
}

let cellsRun = 0;

/** Returns { end, broken }: how the call ended, and which of the conditions were not true. */
export async function runCell({ fault, call, policy }, { hfetch, endpoint, elsewhere, refused, nowhere, run }) {
  const id = `f${run}-${(cellsRun += 1)}`;
  const { times, options, keys = 1 } = POLICIES[policy];
  const here = controlOf(endpoint, id);
  const there = controlOf(elsewhere, id);
  const context = { elsewhere: `${elsewhere}/s/${id}/v1` };
  const round = fault.step ? [{ ...fault.step(call, context), times: fault.times ?? 1 }, ...(fault.then ? [fault.then(call)] : [])] : [];
  await here.script(Array.from({ length: times }, () => round).flat());
  if (fault.elsewhere) await there.script([{ ...fault.elsewhere(call), times: 3 }]);
  const base = { refused: `${refused}/v1`, nowhere: `${nowhere}/v1` }[fault.at] ?? `${endpoint}/s/${id}/v1`;
  const settlements = [];
  const { signal, listeners } = countedSignal();
  const hf = new hfetch.HuggingFace({
    apiKeys: KEYS.slice(0, keys), baseURL: base, model: MODEL, limits: { maxConcurrent: 1, onLimit: "error" },
    timeout: fault.timeout ?? { connect: 15_000, idle: 15_000 }, onSettled: (one) => settlements.push(one), ...options, ...fault.client,
  });
  const { answer, error, settlement } = await ending(READERS[call], hf, { signal });
  const broken = [];
  const expect = (holds, what) => holds || broken.push(what);
  const end = describeEnd(answer, error);
  expect(!error || error instanceof hfetch.HfetchError, `not an error of ours: ${error?.stack ?? error}`);
  expect(settlements.length === (call === "models" ? 0 : 1), `${settlements.length} settlements`);
  if (settlement) {
    const wanted = error ? (error.name === "StreamTruncatedError" ? "truncated" : "error") : "ok";
    expect(settlement.outcome === wanted, `settled as ${settlement.outcome}`);
    expect(settlements[0] === settlement, "another settlement than the hook's");
  }
  const stats = await here.stats("closed");
  expect(stats.open === 0, `${stats.open} answers open at the endpoint`);
  const tries = settlement?.attempts ?? error?.attempts;
  if (!fault.redirected && !fault.at && tries !== undefined) expect(stats.requests === tries, `${tries} tries, ${stats.requests} requests at the endpoint`);
  if (fault.elsewhere) {
    const foreign = await there.stats("closed");
    expect(foreign.open === 0, "an answer open at the other origin");
    expect(!showsKey(foreign.headers), "the key went to another origin");
  }
  expect(listeners.size === 0, `${listeners.size} listeners on the caller's signal`);
  expect(!showsKey(error) && !showsKey(settlement) && !showsKey(hf.snapshot()), "a key can be seen");
  const { inFlight, queued, spend } = hf.snapshot();
  expect(inFlight === 0 && queued === 0 && spend.requests === settlements.length, `in flight ${inFlight}, queued ${queued}, booked ${spend.requests}`);
  await here.script([]);
  const probe = await hf.chat.completions.create({ messages: MESSAGES }, { retry: { maxAttempts: 3, baseDelay: 1 }, timeout: { total: 15_000 } }).catch((reason) => reason);
  // A resolver may take its time to say that a host doesn't exist.
  const unreachable = fault.at && probe instanceof hfetch.APIConnectionError;
  expect(probe.object === "chat.completion" || unreachable, `the next call failed: ${probe}`);
  return { end: `${end} ×${stats.requests}`, broken };
}

/** How a call ended, and its settlement; both must come within the deadline. */
async function ending(read, hf, options) {
  let timer;
  let pending;
  const late = new Promise((resolve) => (timer = setTimer(resolve, DEADLINE, { error: { name: "late" } })));
  // `pending` is no option of a request, so it is an inherited member.
  const inherited = Object.assign(Object.create({ pending: (one) => (pending = one) }), options);
  const ended = read(hf, inherited).then((answer) => ({ answer }), (error) => ({ error }));
  const settled = ended.then(async (end) => ({ ...end, settlement: await pending?.settled }));
  const result = await Promise.race([settled, late]);
  clearTimer(timer);
  return result;
}
