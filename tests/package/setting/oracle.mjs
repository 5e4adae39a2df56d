// The items that a stream must give, computed plainly: split lines, JSON.parse, concatenate. The oracle is slow and easy to check by reading.

const REASONING = ["reasoning", "reasoning_content", "reasoning_text"];

/**
 * Reads a whole body.
 * @returns {{end: "ok"|"StreamError"|"StreamTruncatedError", chunks: object[], text: string, completion: object, usage: object|null, finishReason: string|null}}
 */
export function replay(bytes) {
  const chunks = [];
  let end = null;
  let lastUsage; // of an error inside an ordinary chunk
  for (const { event, data, whole } of eventsOf(new TextDecoder().decode(bytes))) {
    if (data.trim() === "") continue;
    if (data.trim() === "[DONE]") {
      end = "ok";
      break;
    }
    const frame = parse(data);
    // An event that the end of the body cut in two isn't a bad frame: the body was too short.
    if (frame === undefined && !whole) break;
    if (event === "error" || frame === undefined || isError(frame)) {
      end = "StreamError";
      lastUsage = usageOf(frame);
      break;
    }
    chunks.push(frame);
  }
  const completion = fold(chunks);
  completion.usage = lastUsage ?? completion.usage;
  const finished = completion.choices.some((choice) => choice.finish_reason !== null);
  return {
    end: end ?? (finished ? "ok" : "StreamTruncatedError"),
    chunks,
    text: chunks.map(firstText).join(""),
    completion,
    usage: completion.usage,
    finishReason: completion.choices.find((choice) => choice.index === 0)?.finish_reason ?? null,
  };
}

/** The events of a body by the WHATWG standard, except that an event without its blank line counts too (`whole: false`). */
export function eventsOf(text) {
  const events = [];
  let [event, data] = ["message", null];
  const lines = text.split(/\r\n|\r|\n/);
  for (const line of lines.slice(0, -1)) field(line);
  // The text after the last line end counts as a line only because the body has ended.
  const rest = lines.at(-1);
  if (rest !== "") field(rest);
  if (data !== null) events.push({ event, data, whole: false });
  return events;

  function field(line) {
    if (line === "") {
      if (data !== null) events.push({ event, data, whole: true });
      [event, data] = ["message", null];
      return;
    }
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data = data === null ? value : `${data}\n${value}`;
    if (name === "event" && value !== "") event = value;
  }
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function isError(frame) {
  return (frame.error !== undefined && frame.error !== null) || typeof frame.error_message === "string";
}

function choicesOf(chunk) {
  return Array.isArray(chunk.choices) ? chunk.choices : [];
}

function firstText(chunk) {
  const choice = choicesOf(chunk).find(({ index = 0 }) => index === 0);
  return (choice?.delta ?? choice?.message)?.content ?? "";
}

/** The usage of a chunk; Groq has a place of its own for it. */
function usageOf(chunk) {
  return chunk?.usage ?? chunk?.x_groq?.usage;
}

/** Adds up all deltas; the last reported usage counts. */
function fold(chunks) {
  const choices = new Map();
  let usage = null;
  for (const chunk of chunks) {
    usage = usageOf(chunk) ?? usage;
    for (const part of choicesOf(chunk)) {
      const index = part.index ?? 0;
      if (!choices.has(index)) choices.set(index, { index, finish_reason: null, content: null, refusal: null, reasoning: null, tool_calls: [], logprobs: null });
      addTo(choices.get(index), part);
    }
  }
  return { choices: [...choices.values()].sort((a, b) => a.index - b.index), usage };
}

function addTo(choice, part) {
  const delta = part.delta ?? part.message ?? {};
  choice.finish_reason = part.finish_reason ?? choice.finish_reason;
  choice.content = joined(choice.content, delta.content);
  choice.refusal = joined(choice.refusal, delta.refusal);
  choice.reasoning = joined(choice.reasoning, REASONING.map((name) => delta[name]).find((text) => typeof text === "string" && text !== ""));
  for (const call of delta.tool_calls ?? []) addCall(choice.tool_calls, call);
  for (const kind of ["content", "refusal"]) {
    if (!part.logprobs?.[kind]) continue;
    choice.logprobs ??= { content: null, refusal: null };
    choice.logprobs[kind] = [...(choice.logprobs[kind] ?? []), ...part.logprobs[kind]];
  }
}

function joined(before, text) {
  return typeof text === "string" ? (before ?? "") + text : before;
}

/** Adds a call by its index. Without an index, the last call goes on as long as the id is absent or equal. */
function addCall(calls, delta) {
  let call = delta.index === undefined ? calls.at(-1) : calls.find((known) => known.index === delta.index);
  if (delta.index === undefined && call && delta.id && delta.id !== call.id) call = undefined;
  if (!call) {
    call = { index: delta.index ?? calls.length, id: "", name: "", arguments: "" };
    calls.push(call);
    calls.sort((a, b) => a.index - b.index);
  }
  call.id = delta.id || call.id;
  call.name = delta.function?.name || call.name;
  call.arguments += delta.function?.arguments ?? "";
}

/** The result of `final()` in the oracle's terms, so that the two can be compared. "" and null both mean that no text came. */
export function plainCompletion(completion) {
  return {
    choices: completion.choices.map(({ index, finish_reason, message, logprobs }) => ({
      index,
      finish_reason: finish_reason ?? null,
      content: message.content || null,
      refusal: message.refusal || null,
      reasoning: REASONING.map((name) => message[name]).find(Boolean) || null,
      tool_calls: (message.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, arguments: call.function.arguments })),
      logprobs: logprobs ? { content: logprobs.content ?? null, refusal: logprobs.refusal ?? null } : null,
    })),
    usage: counts(completion.usage),
  };
}

/** The oracle's own completion in the same terms. */
export function expectedCompletion({ choices, usage }) {
  return {
    choices: choices.map((choice) => ({
      ...choice,
      content: choice.content || null,
      refusal: choice.refusal || null,
      reasoning: choice.reasoning || null,
      tool_calls: choice.tool_calls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
    })),
    usage: counts(usage),
  };
}

function counts(usage) {
  if (!usage) return null;
  const { prompt_tokens, completion_tokens, total_tokens } = usage;
  return { prompt_tokens, completion_tokens, total_tokens };
}
