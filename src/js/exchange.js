// A request that was written for the wire by somebody else goes through a call, and the server's own bytes come back: for a gateway's
// callers, and for other libraries.

import { Body } from "./hfetch_bg.js";
import { close, fail, open, settlement } from "./call.js";
import { responseInfo } from "./chat.js";
import { embed, push, readBatch } from "./embeddings.js";
import { readBody } from "./fetch.js";
import { ChunkReader } from "./pass_through.js";
import { FOLD, Pump } from "./pump.js";

/** Makes a call and lets `run` read its answer: {answer, settled}. Its error carries what is left of the limits, as the answer does. */
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

/** An answer as its caller gets it: what the response says of itself, what is left of the limits, and a body of bytes. */
export const answerOf = (call, info, body) => ({ ...info, quotas: call.quotas ?? null, body });

/**
 * An answer of text. A stream is given as `chunks`, which reads it, and a whole answer as bytes once it is settled; `failed` says that
 * it tells of a failure. `decoderFor` and `settle` read the API's answers; `filter` is what a Pump hands bytes on through, `last` what
 * becomes of a stream's error, `unread` the ms for which its reader may be away.
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

/** Embeddings: as they came where that is what was asked for; feature extraction and several batches are put into OpenAI's list. */
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

// Whether a checked answer is a list of OpenAI's, with embeddings of the format.
function isAsked(text, format) {
  const [, begins] = /^\s*\{[^]*?"embedding"\s*:\s*(["[])/.exec(text) ?? [];
  return begins === (format === "base64" ? '"' : "[");
}
