// Turns the options of an AI SDK call into the body of a text completion. A single prompt is sent unchanged; a conversation becomes a transcript that the model
// continues.

import { asksForEffort, bodyWith } from "./body.js";
import { untaken } from "./file.js";
import { unsupported } from "./prompt.js";

const TURN = "\nuser:"; // a stop sequence: after it the model would go on in the user's name

export function completionBodyOf(model, options) {
  const { prompt, stopSequences = [], tools, responseFormat, reasoning } = options;
  const isAlone = prompt.length === 1 && prompt[0].role === "user";
  const text = isAlone ? textOf(prompt[0].content) : `${prompt.map(turnOf).join("")}assistant:\n`;
  const left = [tools?.length && "tools", responseFormat?.type === "json" && "responseFormat", asksForEffort(reasoning) && "reasoning"];
  const warnings = left.filter(Boolean).map((feature) => unsupported(feature));
  return { body: bodyWith({ model, prompt: text }, { ...options, stopSequences: isAlone ? stopSequences : [TURN, ...stopSequences] }), warnings };
}

const turnOf = ({ role, content }) => (role === "system" ? `${content}\n\n` : `${role}:\n${textOf(content)}\n\n`);

function textOf(parts) {
  const said = parts.filter(({ type }) => type !== "reasoning").map(({ type, text }) => {
    if (type === "text") return text;
    throw untaken(`${type} in a plain completion`);
  });
  return said.join("");
}
