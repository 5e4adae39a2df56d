// The streams that are measured. They have the form of recorded ones and come from a seeded generator, so that every run of every library reads the same bytes.

const WORDS = " the of and to in a is that for it as was with be by on not he I this are or his from at which but have an had they you were their one all we can her has there been if more when will would who so no".split(" ").filter(Boolean);
const WORLD = ["。", "、", "は", "の", "日本", "語", " é", "té", " ü", "ß", " Привет", " мир", "ть", "😀", "🎉", " नमस्ते", "مرحبا", " the", "你", "好", "世界"];

const ESCAPED = ["\n", '"', "\\", "é", "語", "\u{1f600}", "\t"];
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const ID = "chatcmpl-4ef92b12-fb9d-486f-8b98-af9b5ecac736";
const MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo-Instruct";
const chunk = (delta, rest = {}) => ({
  id: ID,
  object: "chat.completion.chunk",
  created: 1758144596,
  model: MODEL,
  system_fingerprint: "fp_448a0d11e0",
  choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
  ...rest,
});
const word = (next) => (next() < 0.05 ? "\n\n" : ` ${WORDS[Math.floor(next() * WORDS.length)]}`);
const usage = (index) => ({ prompt_tokens: 812, completion_tokens: index + 1, total_tokens: 813 + index });

const makers = {
  "single slot": (index, next) => chunk({ content: word(next) }),
  multilingual: (index, next) => chunk({ content: WORLD[Math.floor(next() * WORLD.length)] }),
  together: (index, next) => {
    const text = word(next);
    return {
      id: "91158e6ad8a0ef60", object: "chat.completion.chunk", created: 1739457445,
      choices: [{ index: 0, text, logprobs: null, finish_reason: null, seed: null, delta: { token_id: Math.floor(next() * 128000), role: "assistant", content: text, tool_calls: null } }],
      model: MODEL, usage: null,
    };
  },
  "usage in every chunk": (index, next) => chunk({ content: word(next) }, { usage: usage(index) }),
  "id, created and usage change": (index, next) => chunk({ content: word(next) }, { id: `chatcmpl-${Math.floor(next() * 2 ** 32).toString(16)}-${Math.floor(next() * 2 ** 32).toString(16)}`, created: 1758144596 + index, usage: usage(index) }),
  "no two alike": (index, next) => chunk({ content: word(next) }, { created: 1758144596 + index, usage: usage(index), flags: Array.from({ length: 16 }, () => [true, false, null][Math.floor(next() * 3)]) }),
  logprobs: (index, next) => {
    const token = () => {
      const text = word(next);
      return { token: text, logprob: -Math.round(next() * 1e9) / 1e8, bytes: [...new TextEncoder().encode(text)] };
    };
    const content = [{ ...token(), top_logprobs: Array.from({ length: 20 }, token) }];
    const whole = chunk({ content: content[0].token });
    whole.choices[0].logprobs = { content };
    return whole;
  },
  "tool arguments": (index, next) => {
    const entries = Array.from({ length: 48 }, () => [WORDS[Math.floor(next() * WORDS.length)], `${word(next)}${word(next)}${word(next)}`]);
    const text = JSON.stringify(entries);
    return chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] });
  },
  // The values keep their order, and their keys don't.
  "keys in any order": (index, next) => shuffled(chunk({ content: word(next) }, { created: 1758144596 + index, usage: usage(index), service_tier: "default" }), next),
  // Each chunk has other members than the one before, so that no shape lasts.
  "members come and go": (index, next) => chunk({ content: word(next) }, { usage: usage(index), ...some(next) }),
  // Every other character is an escape.
  "escaped text": (index, next) => chunk({ content: Array.from({ length: 40 }, () => `${ESCAPED[Math.floor(next() * ESCAPED.length)]}${LETTERS[Math.floor(next() * LETTERS.length)]}`).join("") }),
  "one large text": (index, next) => chunk({ content: Array.from({ length: 100_000 }, () => word(next)).join("") }),
  "one large tool call": (index, next) => chunk({ tool_calls: [{ index, id: `call_${index}`, type: "function", function: { name: "write", arguments: JSON.stringify(Array.from({ length: 20_000 }, () => [word(next), `${word(next)}${word(next)}`])) } }] }),
  reasoning: (index, next) => chunk(index < 1000 ? { content: null, reasoning_content: word(next) } : { content: word(next) }),
};

/** The numbers of chunks in short answers. */
export const ANSWERS = [30, 300];

export const names = Object.keys(makers);

/** How many chunks of a workload make a stream; fewer if each is large. */
export function count(name) {
  if (name.startsWith("one large")) return 4;
  return { logprobs: 600, "tool arguments": 600, "escaped text": 2000 }[name] ?? 4000;
}

function shuffled(object, next) {
  const entries = Object.entries(object).map((entry) => [next(), entry]);
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, entry]) => entry));
}

const MEMBERS = ["region", "queue_time", "provider", "timings", "trace", "cached", "warnings", "tier"];

/** About half of the members, with values of any kind. */
function some(next) {
  const value = () => [Math.floor(next() * 10_000), word(next), [word(next)], { first: word(next) }][Math.floor(next() * 4)];
  return Object.fromEntries(MEMBERS.filter(() => next() < 0.5).map((name) => [name, value()]));
}

// Servers in Python write JSON like this by default.
const inAscii = (json) => json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The payloads of a stream: a first chunk, `count` chunks of the workload, and one with finish reason and usage. */
export function stream(name, count) {
  const next = random(42);
  const payloads = [JSON.stringify(chunk({ role: "assistant", content: "" }))];
  for (let index = 0; index < count; index++) {
    const json = JSON.stringify(makers[name](index, next));
    payloads.push(name === "escaped text" ? inAscii(json) : json);
  }
  // As many tokens as the text can have: if a count can't be right, the client makes an estimate of its own.
  const end = chunk({}, { usage: usage(Math.max(count, Math.round(payloads.join("").length / 8))) });
  end.choices[0].finish_reason = "stop";
  payloads.push(JSON.stringify(end));
  return payloads;
}

/** Network chunks: one per event, or of a given size. */
export function pieces(payloads, size) {
  const encoder = new TextEncoder();
  const events = [...payloads, "[DONE]"].map((payload) => encoder.encode(`data: ${payload}\n\n`));
  if (size === 0) return events;
  const body = encoder.encode([...payloads, "[DONE]"].map((payload) => `data: ${payload}\n\n`).join(""));
  return Array.from({ length: Math.ceil(body.length / size) }, (_, index) => body.slice(index * size, (index + 1) * size));
}

/** The body of an embeddings answer. */
export function embeddings(count, dimensions, base64) {
  const next = random(7);
  const data = Array.from({ length: count }, (_, index) => {
    const row = Float32Array.from({ length: dimensions }, () => (next() - 0.5) / 4);
    return { object: "embedding", index, embedding: base64 ? toBase64(new Uint8Array(row.buffer)) : [...row].map((number) => Number(number.toPrecision(9))) };
  });
  return JSON.stringify({ object: "list", model: MODEL, data, usage: { prompt_tokens: count * 8, total_tokens: count * 8 } });
}

function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
