// Two tools that run in this page, which show a tool call from both sides.

import { estimateTokens } from "hfetch";

const tool = (name, description, properties, execute) => ({
  name,
  description,
  parameters: { schema: { type: "object", properties, required: Object.keys(properties) } },
  execute,
});

export const TOOLS = [
  tool("measure_text", "Counts the characters, words and tokens of a text.", { text: { type: "string" } }, ({ text }) => ({
    characters: [...String(text)].length,
    words: String(text).match(/\S+/gu)?.length ?? 0,
    tokens: estimateTokens(String(text)),
  })),
  tool("current_time", "Tells the date and time.", {}, () => ({ time: new Date().toISOString() })),
];
