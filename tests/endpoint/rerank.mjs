// Reranking: a document's score is the share of the query's words that it contains.
import { json, refuse } from "./answer.mjs";
import { countTokens } from "./speech.mjs";

const MAX_BATCH = 32; // TEI's default

/** POST /rerank, as TEI answers it: best first. */
export function answerRerank({ query, texts }) {
  if (typeof query !== "string" || !isTexts(texts)) return refuse(422, "Failed to deserialize the JSON body into the target type: missing field `texts`");
  const refusal = refuseBatch(texts);
  if (refusal) return refusal;
  const rows = texts.map((text, index) => ({ index, score: scoreOf(query, text) }));
  const tokens = texts.reduce((sum, text) => sum + countTokens(query) + countTokens(text), 0);
  return json(rows.sort((a, b) => b.score - a.score), { headers: { "x-compute-tokens": String(tokens) } });
}

/** POST /hf-inference/models/{model}: text classification of pairs, in their order. */
export function answerPairs({ inputs }) {
  const isPair = (input) => isTexts([input?.text, input?.text_pair]);
  if (!Array.isArray(inputs) || !inputs.every(isPair)) return refuse(400, { error: "inputs: pairs of text and text_pair are due" });
  return refuseBatch(inputs) ?? json(inputs.map(({ text, text_pair: pair }) => [{ label: "LABEL_0", score: scoreOf(text, pair) }]));
}

const isTexts = (texts) => Array.isArray(texts) && texts.every((text) => typeof text === "string");

function refuseBatch({ length }) {
  if (length === 0) return refuse(400, { error: "`texts` cannot be empty", error_type: "Empty" });
  return length > MAX_BATCH ? refuse(422, { error: `batch size ${length} > maximum allowed batch size ${MAX_BATCH}`, error_type: "Validation" }) : null;
}

function scoreOf(query, text) {
  const words = (of) => new Set(of.toLowerCase().match(/[\p{L}\p{N}]+/gu));
  const [asked, given] = [words(query), words(text)];
  return Number(([...asked].filter((word) => given.has(word)).length / (asked.size || 1)).toFixed(4));
}
