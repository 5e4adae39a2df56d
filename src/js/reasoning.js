// What a model thought, wherever a server puts it.

const NAMES = ["reasoning", "reasoning_content", "reasoning_text"];

// The texts of a value that may be a text, a part of a message, or a list of parts.
export function textOf(value) {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("");
  return value ? textOf(value.text ?? value.thinking ?? value.summary ?? "") : "";
}

export function reasoningOf(message) {
  const thoughts = Array.isArray(message?.content) ? message.content.filter((part) => /^(thinking|reasoning)/.test(part?.type)) : [];
  const places = [...NAMES.map((name) => message?.[name]), thoughts, message?.reasoning_details];
  return places.map(textOf).find((text) => text !== "") ?? null;
}
