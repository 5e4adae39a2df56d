// What the SDK asks for, as the body of a plain completion: a prompt alone as it is, a conversation as a transcript that the model goes on with.

import { asksForEffort, bodyWith } from "./body.js";
import { untaken } from "./file.js";
import { unsupported } from "./prompt.js";

const TURN = "\nuser:"; // where the model would begin to speak for its reader

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
