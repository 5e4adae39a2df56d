// Turns the options of an AI SDK call into the body of a chat request.

import { askedBy } from "./client.js";
import { messagesOf, unsupported } from "./prompt.js";

/**
 * The body, and warnings about options that it can't express. `without` names what the model's server has refused before: "effort", or "reasoning" in
 * the history. `form` is the form in which JSON is requested, if any.
 */
export function bodyOf(model, options, without, form) {
  const warnings = [];
  const messages = messagesOf(options.prompt, !without.has("reasoning"), warnings);
  const asked = form ? formatOf(form, options.responseFormat, messages, warnings) : { messages };
  const own = { model, reasoning_effort: effortOf(options.reasoning, without, warnings), ...asked, ...toolsOf(options, warnings) };
  return { body: bodyWith(own, options), warnings };
}

/** A body with the options that apply to every text model, the members in `own`, and what the caller adds. */
export function bodyWith(own, { maxOutputTokens, temperature, topP, topK, presencePenalty, frequencyPenalty, stopSequences, seed, providerOptions }) {
  return {
    max_tokens: maxOutputTokens,
    temperature,
    top_p: topP,
    top_k: topK,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    stop: stopSequences?.length ? stopSequences : undefined,
    seed,
    ...own,
    ...providerOptions?.huggingface,
  };
}

/** Whether a call asks for a certain amount of reasoning. */
export const asksForEffort = (reasoning) => reasoning !== undefined && reasoning !== "provider-default";

function effortOf(reasoning, without, warnings) {
  if (!asksForEffort(reasoning)) return undefined;
  if (reasoning !== "none" && !without.has("effort")) return reasoning;
  warnings.push(unsupported(`reasoning: ${reasoning}`, "Say it in providerOptions.huggingface.chat_template_kwargs."));
  return undefined;
}

function formatOf(form, { schema, name = "response", description }, messages, warnings) {
  if (schema && /json|text/.test(form)) warnings.push({ type: "compatibility", feature: "responseFormat", details: "The schema is told in words." });
  return askedBy(form, { name, description, schema }, messages);
}

function toolsOf({ tools = [], toolChoice }, warnings) {
  const functions = [];
  for (const { type, id, name, description, inputSchema: parameters, strict } of tools) {
    if (type === "function") functions.push({ type, function: { name, description, parameters, strict } });
    else warnings.push(unsupported(`provider-defined tool ${id}`));
  }
  if (functions.length === 0) return {};
  const { type, toolName: name } = toolChoice ?? {};
  return { tools: functions, tool_choice: type === "tool" ? { type: "function", function: { name } } : type };
}
