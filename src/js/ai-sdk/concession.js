// What a model's server refuses is left out, once more and from then on.

import { hasReasoning } from "./prompt.js";

// Each with what a request must have for it, and how a server's words may name it.
const CONCESSIONS = {
  effort: { applies: ({ reasoning }) => reasoning !== undefined && !["none", "provider-default"].includes(reasoning), words: /reasoning_?effort/i },
  schema: { applies: ({ responseFormat: format }) => format?.type === "json" && format.schema !== undefined, words: /response_?format|json_?schema|schema|grammar|guided|structured/i },
  json: { applies: ({ responseFormat: format }) => format?.type === "json", words: /response_?format|json_?object|grammar|guided|structured/i },
  reasoning: { applies: ({ prompt }) => hasReasoning(prompt), words: null },
};
// What is refused whatever the body says beside it.
const ELSEWHERE = /model_not|context|too long|too many|max_tokens|max_new_tokens|quota/i;
const MOST_MODELS = 1_000;

const learnt = new WeakMap(); // by client: model → what its server refuses

/** Calls `ask` with what is to be left out, and again while the server refuses something that can be. The first refusal is what is thrown. */
export async function conceding(client, modelId, options, ask) {
  if (!learnt.has(client)) learnt.set(client, new Map());
  const models = learnt.get(client);
  const without = new Set(models.get(modelId));
  let first;
  for (;;) {
    try {
      const answer = await ask(without);
      if (first !== undefined) keep(models, modelId, without);
      return answer;
    } catch (error) {
      first ??= error;
      const next = refused(error, options, without);
      if (next === undefined) throw first;
      without.add(next);
    }
  }
}

function refused(error, options, without) {
  if (![400, 422].includes(error?.status)) return undefined;
  const said = `${error.code ?? ""} ${error.param ?? ""} ${error.message}`;
  if (ELSEWHERE.test(said)) return undefined;
  const fitting = Object.entries(CONCESSIONS).filter(([name, { applies }]) => !without.has(name) && applies(options));
  const named = fitting.find(([, { words }]) => words?.test(said));
  // Reasoning in the history is refused in many words, a template's own among them.
  return (named ?? fitting.find(([, { words }]) => words === null))?.[0];
}

function keep(models, modelId, without) {
  if (models.size >= MOST_MODELS) models.clear();
  models.set(modelId, without);
}
