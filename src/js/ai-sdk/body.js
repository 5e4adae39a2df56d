// What the SDK asks for, as the body of a chat request.

import { askedBy } from "./client.js";
import { messagesOf } from "./prompt.js";

/**
 * The body, and warnings of what it can't say. `without` names what the model's server has refused: "effort", or "reasoning" in the
 * history; `form` is how JSON is asked for, if it is.
 */
export function bodyOf(modelId, options, without, form) {
  const warnings = [];
  const messages = messagesOf(options.prompt, !without.has("reasoning"), warnings);
  const settings = {
    ...samplingOf(options),
    reasoning_effort: effortOf(options.reasoning, without, warnings),
    ...(form === undefined ? { messages } : formatOf(form, options.responseFormat, messages, warnings)),
    ...toolsOf(options, warnings),
  };
  return { body: said({ model: modelId, ...settings, ...options.providerOptions?.huggingface }), warnings };
}

/** Without what is undefined. */
export const said = (body) => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));

/** What every model whose answer is text is told of its answer. */
export function samplingOf({ maxOutputTokens, temperature, topP, topK, presencePenalty, frequencyPenalty, stopSequences, seed }) {
  return {
    max_tokens: maxOutputTokens,
    temperature,
    top_p: topP,
    top_k: topK,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    stop: stopSequences?.length ? stopSequences : undefined,
    seed,
  };
}

function effortOf(reasoning, without, warnings) {
  if (reasoning === undefined || reasoning === "provider-default") return undefined;
  if (reasoning !== "none" && !without.has("effort")) return reasoning;
  const details = "The model's server has words of its own for it: say them in providerOptions.huggingface, like { chat_template_kwargs: { enable_thinking: false } }.";
  warnings.push({ type: "unsupported", feature: `reasoning: ${reasoning}`, details });
  return undefined;
}

function formatOf(form, { schema, name = "response", description }, messages, warnings) {
  if (schema && ["json", "text"].includes(form)) {
    warnings.push({ type: "compatibility", feature: "responseFormat", details: "The model's server takes no JSON schema: the model is told of it in words." });
  }
  return askedBy(form, { name, description, schema }, messages);
}

function toolsOf({ tools = [], toolChoice }, warnings) {
  const functions = [];
  for (const { type, id, name, description, inputSchema, strict } of tools) {
    if (type === "function") functions.push({ type: "function", function: { name, description, parameters: inputSchema, strict } });
    else warnings.push({ type: "unsupported", feature: `provider-defined tool ${id}`, details: "It is left out." });
  }
  if (functions.length === 0) return {};
  const choice = toolChoice?.type === "tool" ? { type: "function", function: { name: toolChoice.toolName } } : toolChoice?.type;
  return { tools: functions, tool_choice: choice };
}
