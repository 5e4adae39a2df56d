// What a model's server refuses is left out or said otherwise, once more and from then on.

import { formsAfter, formsFor, knownOf, remember } from "./client.js";
import { hasReasoning } from "./prompt.js";

// What is refused whatever the body says beside it.
const ELSEWHERE = /model_not|context|too long|too many|max_tokens|max_new_tokens|quota/i;
const FORMAT = /format|schema|grammar|guided|structured|tool/i;

const learnt = new WeakMap(); // by client: model → what its server refuses

/**
 * Calls `ask` with what is to be left out and the form in which JSON is asked for, and again while the server refuses something that can be said
 * otherwise. The first refusal is what is thrown.
 */
export async function conceding(client, modelId, options, ask) {
  if (!learnt.has(client)) learnt.set(client, new Map());
  const models = learnt.get(client);
  const without = new Set(models.get(modelId));
  const known = knownOf(client);
  const hasTools = options.tools?.length > 0;
  let forms = formsOf(options, modelId, known, hasTools);
  let first;
  for (;;) {
    try {
      const answer = await ask(without, forms[0]);
      if (first !== undefined) remember(models, modelId, without);
      // Tools keep a format out of some servers: what was taken beside them says nothing of other calls.
      if (forms[0] !== undefined && !hasTools) remember(known.forms, modelId, forms[0]);
      return answer;
    } catch (error) {
      first ??= error;
      const said = `${error?.code ?? ""} ${error?.param ?? ""} ${error?.message}`;
      if (!isRefusal(error) || ELSEWHERE.test(said)) throw first;
      const left = forms[0] === undefined ? [] : formsAfter(forms, error, hasTools);
      const next = refused(options, without, said);
      if (left.length > 0 && (next === undefined || FORMAT.test(said))) forms = left;
      else if (next !== undefined) without.add(next);
      else throw first;
    }
  }
}

// A server that has begun a stream well says the status in a frame.
const isRefusal = (error) => [error?.status, error?.error?.http_status_code].some((status) => status === 400 || status === 422);

/**
 * A stream's chunks. Where a form was asked for, the first has come: text-generation-inference refuses a form no sooner. Any other failure is
 * the stream's own, and is told where it is read.
 */
export async function begun(stream, form) {
  const chunks = stream[Symbol.asyncIterator]();
  if (form === undefined) return chunks;
  const first = chunks.next();
  try {
    await first;
  } catch (error) {
    if (isRefusal(error)) throw error;
  }
  let next = () => {
    next = () => chunks.next();
    return first;
  };
  return { next: () => next() };
}

function formsOf({ responseFormat: format }, model, known, hasTools) {
  if (format?.type !== "json") return [];
  return formsFor({ schema: format.schema, strict: true, model, hasTools, known: known.forms.get(model), offers: known.offers(model) });
}

function refused({ reasoning, prompt }, without, said) {
  if (reasoning !== undefined && !without.has("effort") && /reasoning_?effort/i.test(said)) return "effort";
  // Reasoning in the history is refused in many words, a template's own among them.
  return hasReasoning(prompt) && !without.has("reasoning") ? "reasoning" : undefined;
}
