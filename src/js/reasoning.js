// A model's reasoning, under whatever name a server sends it, and its answer.

const NAMES = ["reasoning", "reasoning_content", "reasoning_text"];
const isThought = (part) => /^(thinking|reasoning)/.test(part?.type);

export function reasoningOf(message) {
  const thoughts = Array.isArray(message?.content) ? message.content.filter(isThought) : [];
  const places = [...NAMES.map((name) => message?.[name]), thoughts, message?.reasoning_details];
  return places.map(textOf).find((text) => text !== "") ?? null;
}

export function contentOf({ content }) {
  return textOf(Array.isArray(content) ? content.filter((part) => !isThought(part)) : content);
}

// The texts in a value: a text, a part of a message, or a list of parts.
function textOf(value) {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("");
  return value ? textOf(value.text ?? value.thinking ?? value.summary ?? "") : "";
}
