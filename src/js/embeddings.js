// Embeddings and reranking: inputs are sent in batches, a few at a time, and come back as one list in the order of the inputs.

import { base64Floats, Body } from "./hfetch_bg.js";
import { close, typed } from "./call.js";
import { responseInfo } from "./chat.js";
import { HfetchError } from "./error.js";
import { header, readParts } from "./fetch.js";
import { floatsAt, putAt } from "./plain.js";

export async function embed(call, cancel, settled, format = call.plan.format) {
  const { batches, concurrency } = call.plan;
  const answers = new Array(batches.length);
  let next = 0;
  let last;
  let failure;
  if (batches.length > 1) await call.admit();
  const work = async () => {
    while (next < batches.length) {
      const index = next++;
      try {
        const sent = await call.send(index);
        last = sent.response;
        answers[index] = await read(call, cancel, index, sent, format);
      } catch (error) {
        next = batches.length;
        if (failure !== undefined) return;
        const reported = typed(call, cancel, error);
        failure = batches.length > 1 ? named(reported, batches[index]) : reported;
        // The other requests end now, and are booked before the call is.
        cancel.end("closed");
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, batches.length) }, work));
  if (failure !== undefined) throw failure;
  const data = answers.flatMap(({ data }) => data);
  const model = answers[0].model ?? call.plan.model;
  const answer = { object: "list", data, model, usage: call.usage() };
  close(call, cancel, "ok", null);
  return { data: answer, response: responseInfo(last, call) };
}

// Reranking: documents sorted by relevance. The requests are the same, with a score for each input.
export async function rerank(call, cancel, settled) {
  const { most } = call.plan;
  const { data: answer, response } = await embed(call, cancel, settled);
  // Documents with equal scores stay in their order.
  const results = answer.data.sort((a, b) => b.relevance_score - a.relevance_score).slice(0, most ?? undefined);
  return { data: { object: "list", model: answer.model, results, usage: answer.usage }, response };
}

async function read(call, cancel, index, sent, format) {
  const exact = format === "numbers" ? new TextDecoder() : null;
  const { body, text } = await collect(sent.response, cancel, call, exact);
  sent.forget();
  return readBatch(call, index, sent.response, body, text, format);
}

// The embeddings of one answer, whose usage is booked; `text` is the same answer where numbers are asked for.
export function readBatch(call, index, response, body, text, format) {
  const counted = Number(header(response, "x-compute-tokens") ?? NaN);
  const rows = call.rows(index, body, Number.isFinite(counted) ? counted : undefined);
  const { dimensions, model, scores } = rows;
  const [start, count] = call.plan.batches[index];
  if (scores) return { data: scores.map((score, at) => ({ index: start + at, relevance_score: score })), model };
  const values = floatsAt(...rows.values);
  const form = formats[format];
  const wire = format === "numbers" ? wireRows(text) : [];
  const data = Array.from({ length: count }, (_, at) => ({
    object: "embedding",
    index: start + at,
    embedding: form(values.subarray(at * dimensions, (at + 1) * dimensions), wire[at]),
  }));
  return { data, model };
}

// Reads a body directly into the module's memory, so that megabytes are copied only once.
async function collect(response, cancel, { idle, max_answer_bytes: limit }, decoder) {
  const body = new Body();
  let text = "";
  try {
    await readParts(response, cancel, idle, (part) => {
      push(body, part);
      if (decoder) text += decoder.decode(part, { stream: true });
    }, limit);
    return { body, text };
  } catch (error) {
    // After a trap, the module keeps what it was working on.
    if (!(error instanceof HfetchError)) body.free();
    throw error;
  }
}

export function push(body, part) {
  putAt(body.grow(part.length), part);
}

const formats = {
  floats: (row) => row,
  numbers: (row, wire) => (isRow(wire, row.length) ? wire : Array.from(row)),
  base64: (row) => base64Floats(row),
};

const isRow = (wire, length) => Array.isArray(wire) && wire.length === length && typeof wire[0] === "number";

// The numbers as the server wrote them, if the answer has the format that was asked for. The answer has been checked before.
function wireRows(text) {
  const answer = JSON.parse(text);
  const list = answer.data ?? answer;
  if (typeof list[0] === "number") return [list];
  const rows = [];
  for (const [at, row] of list.entries()) rows[row.index ?? at] = row.embedding ?? row;
  return rows;
}

// Adds to an error which inputs failed, for callers who sent thousands.
function named(error, [start, count]) {
  error.message = `inputs ${start} to ${start + count - 1}: ${error.message}`;
  return error;
}
