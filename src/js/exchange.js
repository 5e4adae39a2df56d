// Sends a request that another program has already written as JSON through a call, and returns the server's own bytes. The gateway uses it for its callers, and
// hf.fetch for other libraries.

import { Body } from "./hfetch_bg.js";
import { close, fail, open, settlement } from "./call.js";
import { responseInfo } from "./chat.js";
import { embed, push, readBatch } from "./embeddings.js";
import { readBody } from "./fetch.js";
import { ChunkReader } from "./pass_through.js";
import { FOLD, Pump } from "./pump.js";

/** Makes a call and lets `run` read its answer: {answer, settled}. The call's error tells what is left of the limits, as the answer does. */
export function exchange(client, kind, prepare, run) {
  const { settle, settled } = settlement();
  const answer = (async () => {
    const { call, cancel } = open(() => client, kind, prepare, settle);
    try {
      return await run(call, cancel);
    } catch (error) {
      throw Object.assign(fail(call, cancel, error), { quotas: call.quotas ?? null });
    }
  })();
  return { answer, settled };
}

/** An answer as its caller gets it: the public part of the response, what is left of the limits, and a body of bytes. */
export const answerOf = (call, info, body) => ({ ...info, quotas: call.quotas ?? null, body });

/**
 * An answer that is text. A stream is returned as `chunks`, which reads it; a whole answer is returned as bytes once it is settled. `failed` says
 * whether it reports a failure. `decoderFor` and `settle` read the API's answers. `filter` is applied to the bytes of a stream, `last` makes the last
 * bytes from a stream's error, and `unread` is how many ms the reader may be away.
 */
export async function generated(call, cancel, { decoderFor, settle }, { filter, last, unread }) {
  const sent = await call.send(0);
  const info = responseInfo(sent.response, call);
  if (!call.stream) {
    const body = await readBody(sent.response, cancel, call.idle, call.max_answer_bytes);
    sent.forget();
    return { ...answerOf(call, info, body), failed: settle(call, cancel, body) === true };
  }
  const decoder = decoderFor(call);
  const pump = new Pump(sent, decoder, call, cancel, call.idle);
  pump.mode = FOLD;
  pump.passThrough = filter(call);
  return { ...answerOf(call, info), chunks: new ChunkReader(pump, (error) => last(error, decoder), unread) };
}

/** Embeddings: unchanged if the server sent the requested format; feature extraction and several batches become one list in OpenAI's format. */
export async function embedded(call, cancel) {
  const format = call.plan.format === "base64" ? "base64" : "numbers";
  if (call.plan.batches.length > 1) {
    const { data, response } = await embed(call, cancel, undefined, format);
    return answerOf(call, response, json(data));
  }
  const sent = await call.send(0);
  const bytes = await readBody(sent.response, cancel, call.idle, call.max_answer_bytes);
  sent.forget();
  const text = new TextDecoder().decode(bytes);
  const body = new Body();
  push(body, bytes);
  const { data, model } = readBatch(call, 0, sent.response, body, text, format);
  const list = { object: "list", data, model: model ?? call.plan.model, usage: call.usage() };
  close(call, cancel, "ok", null);
  return answerOf(call, responseInfo(sent.response, call), isAsked(text, format) ? bytes : json(list));
}

const json = (value) => new TextEncoder().encode(JSON.stringify(value));

// Whether a checked answer is a list in OpenAI's format, with embeddings in the requested format.
function isAsked(text, format) {
  const [, begins] = /^\s*\{[^]*?"embedding"\s*:\s*(["[])/.exec(text) ?? [];
  return begins === (format === "base64" ? '"' : "[");
}
