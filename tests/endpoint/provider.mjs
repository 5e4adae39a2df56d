// The wire formats of four families of servers behind the router. They differ wherever the API allows it.

const plain = {
  completion: (envelope, reply, usage, body) => ({ id: envelope.id, object: "chat.completion", ...rest(envelope), choices: choicesOf(reply, body), usage }),
  /** The role first, then text, an empty delta with the finish_reason, and usage in a chunk of its own. */
  *chunks(envelope, reply, usage, { asked, choices }) {
    for (let index = 0; index < choices; index++) {
      const chunk = (delta, finish_reason = null) => chunkOf(envelope, { index, delta, finish_reason });
      yield chunk({ role: "assistant" });
      for (const thought of reply.thoughts) yield chunk({ reasoning_content: thought });
      for (const word of reply.words) yield chunk({ content: word });
      for (const delta of callDeltas(reply.calls)) yield chunk(delta);
      yield chunk({}, reply.finish);
    }
    if (asked) yield { ...chunkOf(envelope), choices: [], usage };
  },
};

const tgi = {
  completion: (envelope, reply, usage, body) => ({
    object: "chat.completion", id: "", ...rest(envelope), system_fingerprint: "3.3.4-native",
    choices: choicesOf(reply, body).map((choice) => ({ ...choice, finish_reason: choice.finish_reason === "tool_calls" ? "stop" : choice.finish_reason })), usage,
  }),
  /** The role in every delta, id "", name null after the first piece of the arguments, finish_reason "stop" after tools. */
  *chunks(envelope, reply, usage, { asked }) {
    const chunk = (delta, finish_reason = null) => ({
      object: "chat.completion.chunk", id: "", ...rest(envelope), system_fingerprint: "3.3.4-native",
      choices: [{ index: 0, delta: { role: "assistant", ...delta }, logprobs: null, finish_reason }], usage: null,
    });
    for (const word of reply.words) yield chunk({ content: word });
    for (const call of reply.calls) {
      const halves = [call.arguments.slice(0, 1), call.arguments.slice(1)];
      for (const [i, args] of halves.entries()) {
        yield chunk({ content: null, tool_calls: [{ index: 0, id: "0", type: "function", function: { name: i === 0 ? call.name : null, arguments: args } }] });
      }
    }
    yield chunk({ content: "" }, reply.finish === "tool_calls" ? "stop" : reply.finish);
    if (asked) yield { ...chunk({}), choices: [], usage };
  },
};

const together = {
  completion: (envelope, reply, usage, body) => ({
    id: envelope.id, object: "chat.completion", ...rest(envelope), prompt: [],
    choices: choicesOf(reply, body).map((choice) => ({ finish_reason: choice.finish_reason, seed: 362904836026476, ...choice, message: { ...choice.message, tool_calls: choice.message.tool_calls ?? [] } })), usage,
  }),
  /** text, token_id and content change together; usage is on the chunk with the finish_reason. */
  *chunks(envelope, reply, usage) {
    const chunk = (delta, text, finish_reason = null, last = null) => ({
      id: envelope.id, object: "chat.completion.chunk", created: envelope.created,
      choices: [{ index: 0, text, logprobs: null, finish_reason, seed: null, delta: { token_id: tokenId(text), role: "assistant", ...delta } }],
      model: envelope.model, usage: last,
    });
    for (const thought of reply.thoughts) yield chunk({ content: "", reasoning: thought }, "");
    for (const word of reply.words) yield chunk({ content: word, tool_calls: null }, word);
    for (const delta of callDeltas(reply.calls)) yield chunk({ content: null, ...delta }, "");
    yield chunk({ content: "", tool_calls: null }, "", reply.finish, usage);
  },
};

const groq = {
  completion: plain.completion,
  /** A tool call in one piece; usage twice on the chunk with the finish_reason. */
  *chunks(envelope, reply, usage) {
    const chunk = (delta, finish_reason = null, extra = {}) => ({ ...chunkOf(envelope, { index: 0, delta, logprobs: null, finish_reason }), system_fingerprint: "fp_e8236260a9", ...extra });
    yield chunk({ role: "assistant", content: reply.calls.length ? null : "" }, null, { x_groq: { id: "req_01" } });
    for (const thought of reply.thoughts) yield chunk({ reasoning: thought, channel: "analysis" });
    for (const word of reply.words) yield chunk({ content: word });
    for (const [index, call] of reply.calls.entries()) {
      yield chunk({ tool_calls: [{ id: call.id, type: "function", function: { name: call.name, arguments: call.arguments }, index }] });
    }
    yield chunk({}, reply.finish, { x_groq: { id: "req_01", usage: { queue_time: 0.041520249, ...usage } }, usage: { queue_time: 0.041520249, ...usage } });
  },
};

const SHAPES = { "hf-inference": tgi, together, groq };

/** The wire format of a provider. */
export function shapeOf(provider) {
  return SHAPES[provider] ?? plain;
}

function rest({ created, model }) {
  return { created, model };
}

function chunkOf(envelope, choice) {
  return { id: envelope.id, object: "chat.completion.chunk", ...rest(envelope), choices: choice ? [choice] : [] };
}

function choicesOf(reply, body) {
  return Array.from({ length: body.n ?? 1 }, (_, index) => ({ index, message: messageOf(reply), logprobs: null, finish_reason: reply.finish }));
}

function messageOf(reply) {
  const message = { role: "assistant", content: reply.words.length ? reply.words.join("") : null };
  if (reply.thoughts.length) message.reasoning_content = reply.thoughts.join("");
  if (reply.calls.length) {
    message.tool_calls = reply.calls.map((call) => ({ id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } }));
  }
  return message;
}

/** id, type and name first, then the arguments in small pieces. */
function* callDeltas(calls) {
  for (const [index, call] of calls.entries()) {
    yield { tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }] };
    for (const piece of call.arguments.match(/.{1,6}/gsu) ?? []) yield { tool_calls: [{ index, function: { arguments: piece } }] };
  }
}

function tokenId(text) {
  let hash = 0;
  for (const letter of text) hash = (hash * 31 + letter.codePointAt(0)) % 128_000;
  return hash;
}
