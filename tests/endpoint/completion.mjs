// Text completions: a prompt and its echo or a few more words, in the format of the server with which the model's name begins.
import { DONE, events, json, refuse } from "./answer.mjs";
import { bounded, countTokens, pieces } from "./speech.mjs";

const CREATED = 1790000000;
const PING = ": ping\n\n";

/** How each server streams: [choices per chunk, where the usage comes]. */
const SERVERS = {
  /** finish_reason is "" until the last chunk of a prompt, which has "eos_token" and the usage; prompts alternate. */
  tgi: {
    envelope: (model) => ({ object: "text_completion", id: "", created: CREATED, model, system_fingerprint: "3.3.4-native" }),
    refuse: (body) => (typeof body.suffix === "string" ? [422, { error: "Suffix is not supported and can be accomplished by preprocessing the prompt.", error_type: "suffix not supported" }] : null),
    most: 100,
    open: "",
    last: ({ finish }) => (finish === "stop" ? "eos_token" : finish),
    usageOnLast: true,
  },
  /** 16 tokens if none are requested; the usage in a chunk of its own. */
  vllm: { envelope: (model) => ({ id: "cmpl-0a1b", object: "text_completion", created: CREATED, model }), most: 16, extra: { stop_reason: null }, usageApart: true },
  /** Comments while the server works, which keep the connection open. */
  "llama.cpp": { envelope: (model) => ({ created: CREATED, model, system_fingerprint: "b9931", object: "text_completion", id: "chatcmpl-0a1b" }), ping: true, usageOnLast: true },
  /** One prompt, and no [DONE]. */
  transformers: {
    envelope: (model) => ({ id: "req_0a1b", object: "text_completion", created: CREATED, model }),
    refuse: (body) => (typeof body.prompt !== "string" ? [422, { error: "prompt must be a string" }] : null),
    most: 16,
    endless: true,
    usageOnLast: true,
  },
  plain: { envelope: (model) => ({ id: "cmpl-0a1b", object: "text_completion", created: CREATED, model }), usageApart: true },
};

/** Answers POST …/completions; `routed` is the provider of the path, if any. */
export function answerCompletion(body, routed) {
  const prompts = promptsOf(body?.prompt);
  if (prompts === null) return refuse(422, "Failed to deserialize the JSON body into the target type: missing field `prompt` at line 1 column 2");
  if (typeof body.model !== "string" || body.model === "") return refuse(400, { error: { message: "Missing required parameter: 'model'.", type: "invalid_request_error", param: "model", code: null } });
  if (/no-such|does-not-exist/.test(body.model)) return refuse(404, { error: { message: `The model '${body.model}' does not exist`, type: "invalid_request_error", param: "model", code: "model_not_found" } });
  const server = (routed === null && SERVERS[body.model.split("/")[0]]) || SERVERS.plain;
  const refusal = server.refuse?.(body);
  if (refusal) return refuse(...refusal);
  const replies = prompts.flatMap((prompt) => Array.from({ length: body.n ?? 1 }, () => replyTo(prompt, body, server)));
  const written = replies.reduce((sum, { words }) => sum + words.length, 0);
  const read = prompts.reduce((sum, prompt) => sum + countTokens(prompt), 0);
  const usage = { prompt_tokens: read, completion_tokens: written, total_tokens: read + written };
  const envelope = server.envelope(body.model);
  if (!body.stream) return json({ ...envelope, choices: replies.map((reply, index) => ({ ...choice(server, index, reply.words.join("")), finish_reason: reply.finish })), usage });
  return events([...chunks(server, envelope, replies, usage, body), ...(server.endless ? [] : [DONE])]);
}

function promptsOf(prompt) {
  if (typeof prompt === "string") return [prompt];
  if (!Array.isArray(prompt) || prompt.length === 0) return null;
  return typeof prompt[0] === "number" ? [prompt.join(" ")] : prompt.map((one) => [one].flat().join(" "));
}

function replyTo(prompt, body, server) {
  const { words, finish } = bounded(pieces(` and so on, said ${prompt.trim()}.`), { ...body, max_tokens: body.max_tokens ?? server.most ?? 1024 });
  return { words: body.echo ? [prompt, ...words] : words, finish };
}

const choice = ({ extra }, index, text) => ({ index, text, logprobs: null, ...extra });

function* chunks(server, envelope, replies, usage, body) {
  const of = (index, text, finish_reason = server.open ?? null) => ({ ...envelope, choices: [{ ...choice(server, index, text), finish_reason }] });
  if (server.ping) yield PING;
  const longest = Math.max(...replies.map(({ words }) => words.length));
  for (let at = 0; at <= longest; at++) {
    for (const [index, reply] of replies.entries()) {
      if (at < reply.words.length) yield of(index, reply.words[at]);
      if (at !== reply.words.length) continue;
      const last = of(index, "", server.last?.(reply) ?? reply.finish);
      yield server.usageOnLast ? { ...last, usage } : last;
    }
  }
  if (server.usageApart && body.stream_options?.include_usage) yield { ...envelope, choices: [], usage };
}
