// Turns the AI SDK's prompt into chat messages.

import { filePart } from "./file.js";

/** The result that the model reads for a call that the user has not allowed. */
export const DENIED = "The user denied this tool call.";

/** A warning about something that can't be expressed and is left out. */
export const unsupported = (feature, details) => ({ type: "unsupported", feature, details });

/** The messages of a prompt. If `reasoning` is false, no message contains a model's reasoning. Adds to `warnings` what can't be expressed. */
export const messagesOf = (prompt, reasoning, warnings) => prompt.flatMap((message) => turnsOf(message, reasoning, warnings));

/** Whether a prompt contains a model's reasoning. */
export const hasReasoning = (prompt) => prompt.some(({ content }) => content.some?.(({ type }) => type === "reasoning"));

function turnsOf(message, reasoning, warnings) {
  const { role, content } = message;
  if (role === "assistant") return extended(assistant(content, reasoning, warnings), message);
  if (role !== "tool") return extended({ role, content: role === "user" ? plain(content.map(userPart)) : content }, message);
  const results = content.filter(({ type }) => type === "tool-result");
  return results.map((part) => extended({ role, tool_call_id: part.toolCallId, content: outputOf(part.output, warnings) }, part));
}

// Adds the members in `providerOptions.huggingface` of a message or a part, one level deep.
function extended(value, { providerOptions }) {
  for (const [key, added] of Object.entries(providerOptions?.huggingface ?? {})) {
    value[key] = isObject(added) ? { ...value[key], ...added } : added;
  }
  return value;
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// A single text is sent as a string, which every server accepts.
const plain = (parts) => (parts.length === 1 && parts[0].type === "text" && Object.keys(parts[0]).length === 2 ? parts[0].text : parts);

const userPart = (part) => extended(part.type === "file" ? filePart(part) : { type: "text", text: part.text }, part);

function assistant(content, reasoning, warnings) {
  const message = { role: "assistant", content: "" };
  const before = [];
  const calls = [];
  for (const part of content) {
    const { type, text, toolCallId: id, toolName: name, input } = part;
    if (type === "text") message.content += text;
    else if (type === "tool-call") {
      // A call that another provider has executed itself is no call of this model's tools.
      if (!part.providerExecuted) calls.push(extended({ id, type: "function", function: { name, arguments: argumentsOf(input) } }, part));
    } else if (type !== "reasoning") warnings.push(unsupported(`${type} part of an assistant message`));
    else if (reasoning) thought(message, before, part);
  }
  if (calls.length > 0) {
    message.tool_calls = calls;
    message.content ||= null;
  }
  if (before.length > 0) message.content = message.content ? [...before, { type: "text", text: message.content }] : before;
  return message;
}

// Sends reasoning back in the form that its metadata records. Reasoning of another provider uses the name that most servers know.
function thought(message, before, { text, providerOptions }) {
  const { details, field = details ? undefined : "reasoning_content" } = providerOptions?.hfetch ?? {};
  if (field === "think") message.content += `<think>${text}</think>`;
  else if (field === "content") before.push({ type: "thinking", thinking: [{ type: "text", text }] });
  else if (field && text !== "") message[field] = (message[field] ?? "") + text;
  if (details) message.reasoning_details = [...(message.reasoning_details ?? []), ...details];
}

function argumentsOf(input) {
  if (typeof input === "string") {
    try {
      JSON.parse(input);
      return input;
    } catch {
      // A text that isn't JSON counts as a single value.
    }
  }
  return JSON.stringify(input) ?? "{}";
}

function outputOf({ type, value, reason }, warnings) {
  if (type === "execution-denied") return reason ?? DENIED;
  if (/text/.test(type)) return value;
  if (type !== "content") return JSON.stringify(value) ?? "null";
  const parts = value.filter((part) => part.type !== "custom");
  if (parts.length < value.length) warnings.push(unsupported("custom part of a tool's result"));
  const sent = parts.map(userPart);
  return sent.every((part) => part.type === "text") ? sent.map(({ text }) => text).join("\n") : sent;
}
