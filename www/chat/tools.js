// Two tools that run in this page: what a tool call looks like from both ends.

import { estimateTokens } from "hfetch";

const tool = (name, description, properties, act) => ({
  act,
  schema: { type: "function", function: { name, description, parameters: { type: "object", properties, required: Object.keys(properties) } } },
});

const ALL = [
  tool("measure_text", "Counts the characters, words and tokens of a text.", { text: { type: "string" } }, ({ text }) => ({
    characters: [...String(text)].length,
    words: String(text).match(/\S+/gu)?.length ?? 0,
    tokens: estimateTokens(String(text)),
  })),
  tool("current_time", "Tells the date and time.", {}, () => ({ time: new Date().toISOString() })),
];

export const TOOLS = ALL.map(({ schema }) => schema);

/** What a call gives, as text for the model; a call that can't be run says why. */
export function runTool({ function: { name, arguments: text } }) {
  const found = ALL.find(({ schema }) => schema.function.name === name);
  if (!found) return JSON.stringify({ error: `there is no tool ${name}` });
  try {
    return JSON.stringify(found.act(JSON.parse(text || "{}")));
  } catch (error) {
    return JSON.stringify({ error: error.message });
  }
}
