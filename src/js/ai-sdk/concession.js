// A parameter that a model's server refuses is left out or expressed in another way: once for the failed call, and from then on for every call.

import { formsAfter, formsFor, knownOf, remember } from "./client.js";
import { isRefusal } from "./error.js";
import { hasReasoning } from "./prompt.js";

// Refusals that have nothing to do with these options.
const ELSEWHERE = /model_not|context|too (long|many)|max_(new_)?tokens|quota/i;
const FORMAT = /format|schema|grammar|guided|structured|tool/i;

const learnt = new WeakMap(); // by client: a map from each model to what its server refuses

/**
 * Calls `ask` with what has to be left out and the form in which JSON is requested. If the server refuses something that can be expressed in another way,
 * `ask` is called again. If nothing helps, the first refusal is thrown.
 */
export async function conceding(client, modelId, options, ask) {
  const models = learnt.get(client) ?? new Map();
  learnt.set(client, models);
  const without = new Set(models.get(modelId));
  const known = knownOf(client);
  const hasTools = options.tools?.length > 0;
  const format = options.responseFormat;
  const wanted = { schema: format?.schema, strict: true, model: modelId, hasTools, known: known.forms.get(modelId), offers: known.offers(modelId) };
  let forms = format?.type === "json" ? formsFor(wanted) : [];
  let first;
  for (;;) {
    const [form] = forms;
    try {
      const answer = await ask(without, form);
      if (first) remember(models, modelId, without);
      // Some servers refuse a form only when there are tools, so a form that was taken beside tools says nothing about other calls.
      if (form && !hasTools) remember(known.forms, modelId, form);
      return answer;
    } catch (error) {
      first ??= error;
      const said = `${error?.code} ${error?.param} ${error?.message}`;
      if (!isRefusal(error) || ELSEWHERE.test(said)) throw first;
      const left = form ? formsAfter(forms, error, hasTools) : [];
      const next = refused(options, without, said);
      if (left.length > 0 && (!next || FORMAT.test(said))) forms = left;
      else if (next) without.add(next);
      else throw first;
    }
  }
}

function refused({ reasoning, prompt }, without, said) {
  if (reasoning && !without.has("effort") && /reasoning_?effort/i.test(said)) return "effort";
  // Servers refuse reasoning in the history with many different messages, some of them from a chat template.
  return hasReasoning(prompt) && !without.has("reasoning") ? "reasoning" : undefined;
}
