// Embeddings: the same text always has the same vector, and texts with common words have similar ones (hashed bag of words).
import { json, refuse } from "./answer.mjs";
import { countTokens } from "./speech.mjs";

const DIMENSIONS = 384;
const MAX_BATCH = 32; // TEI's default

/** POST …/embeddings, as TEI and the OpenAI-like providers answer it. */
export function answerEmbeddings(body) {
  const inputs = inputsOf(body.input);
  const refusal = refuseInputs(inputs);
  if (refusal) return refusal;
  const data = inputs.map((input, index) => {
    const vector = embed(input, body.dimensions);
    return { object: "embedding", index, embedding: body.encoding_format === "base64" ? base64(vector) : vector };
  });
  const tokens = tokensOf(inputs);
  return json({ object: "list", data, model: body.model ?? "stand-in/embedding", usage: { prompt_tokens: tokens, total_tokens: tokens } }, { headers: { "x-compute-tokens": String(tokens) } });
}

/** POST /hf-inference/models/{model}/pipeline/feature-extraction: a bare array whose depth depends on model and input. */
export function answerFeatureExtraction(model, body) {
  const inputs = inputsOf(body.inputs);
  const refusal = refuseInputs(inputs);
  if (refusal) return refusal;
  const headers = { "x-compute-tokens": String(tokensOf(inputs)), "x-inference-id": "stand-in" };
  if (/bart|unpooled/i.test(model)) return json(inputs.map(embedTokens), { headers });
  const rows = inputs.map((input) => embed(input, body.dimensions));
  const flat = typeof body.inputs === "string" && /^sentence-transformers\//.test(model);
  return json(flat ? rows[0] : rows, { headers });
}

/** The token ids of one input are one input; anything else is a list of inputs. */
function inputsOf(input) {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input)) return [];
  if (input.length > 0 && input.every((id) => typeof id === "number")) return [input.join(" ")];
  return input.map((one) => (Array.isArray(one) ? one.join(" ") : one));
}

function refuseInputs(inputs) {
  if (inputs.length === 0) return refuse(400, { error: "`inputs` cannot be empty", error_type: "Empty" });
  if (!inputs.every((input) => typeof input === "string")) return refuse(422, "Failed to deserialize the JSON body into the target type: data did not match any variant of untagged enum Input");
  if (inputs.length > MAX_BATCH) return refuse(422, { error: `batch size ${inputs.length} > maximum allowed batch size ${MAX_BATCH}`, error_type: "Validation" });
  return null;
}

function tokensOf(inputs) {
  return inputs.reduce((sum, input) => sum + countTokens(input), 0);
}

/** The vector of a text: each word adds to a few dimensions that its hash selects; the length is 1. */
export function embed(text, dimensions = DIMENSIONS) {
  const vector = new Float64Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    for (let i = 0; i < 8; i++) {
      hash = (Math.imul(hash, 1664525) + 1013904223) >>> 0;
      vector[(hash >>> 8) % dimensions] += hash & 128 ? 1 : -1;
    }
  }
  const norm = Math.hypot(...vector) || 1;
  return Array.from(vector, (value) => Number((value / norm).toFixed(9)));
}

function embedTokens(text) {
  return text.split(/\s+/).map((word) => embed(word));
}

function base64(vector) {
  return Buffer.from(new Float32Array(vector).buffer).toString("base64");
}
