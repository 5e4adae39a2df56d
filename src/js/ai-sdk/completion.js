// What the SDK asks for, as the body of a plain completion: a prompt alone as it is, a conversation as a transcript that the model goes on with.

import { said, samplingOf } from "./body.js";
import { sdkError } from "./error.js";

const TURN = "\nuser:"; // where the model would begin to speak for its reader

export function completionBodyOf(modelId, options) {
  const { prompt, stopSequences = [], tools, responseFormat, reasoning, providerOptions } = options;
  const isAlone = prompt.length === 1 && prompt[0].role === "user";
  const text = isAlone ? textOf(prompt[0].content) : transcript(prompt);
  const unsupported = [["tools", tools?.length], ["responseFormat", responseFormat?.type === "json"], ["reasoning", reasoning && reasoning !== "provider-default"]];
  const warnings = unsupported.filter(([, given]) => given).map(([feature]) => ({ type: "unsupported", feature, details: "A completion model has none." }));
  const settings = samplingOf({ ...options, stopSequences: isAlone ? stopSequences : [TURN, ...stopSequences] });
  return { body: said({ model: modelId, prompt: text, ...settings, ...providerOptions?.huggingface }), warnings };
}

function transcript(prompt) {
  const turns = prompt.map(({ role, content }) => (role === "system" ? `${content}\n\n` : `${role}:\n${textOf(content)}\n\n`));
  return `${turns.join("")}assistant:\n`;
}

function textOf(parts) {
  return parts
    .filter(({ type }) => type !== "reasoning")
    .map(({ type, text }) => {
      if (type === "text") return text;
      throw sdkError("AI_UnsupportedFunctionalityError", `A completion model takes text, and no ${type}`, { functionality: type });
    })
    .join("");
}
