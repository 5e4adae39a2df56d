// The SDK's prompt as the messages of a chat.

import { filePart } from "./file.js";

/**
 * The messages of a prompt. With `reasoning` false no message says what a model thought. Adds to `warnings` what can't be said.
 */
export function messagesOf(prompt, reasoning, warnings) {
  return prompt.flatMap((message) => roles[message.role](message, reasoning, warnings));
}

/** Whether a prompt says what a model thought. */
export const hasReasoning = (prompt) => prompt.some(({ role, content }) => role === "assistant" && content.some(({ type }) => type === "reasoning"));

const roles = {
  system: (message) => [extended({ role: "system", content: message.content }, message)],
  user: (message, _, warnings) => [extended({ role: "user", content: plain(message.content.map((part) => userPart(part, warnings))) }, message)],
  assistant: (message, reasoning, warnings) => [extended(assistant(message.content, reasoning, warnings), message)],
  tool: (message, _, warnings) =>
    message.content.filter(({ type }) => type === "tool-result").map((part) => extended({ role: "tool", tool_call_id: part.toolCallId, content: outputOf(part.output, warnings) }, part)),
};

// What `providerOptions.huggingface` of a message or a part adds to it, one level deep.
function extended(value, { providerOptions }) {
  for (const [key, added] of Object.entries(providerOptions?.huggingface ?? {})) {
    value[key] = isObject(value[key]) && isObject(added) ? { ...value[key], ...added } : added;
  }
  return value;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// One text alone is a string: every server knows that.
const plain = (parts) => (parts.length === 1 && parts[0].type === "text" && Object.keys(parts[0]).length === 2 ? parts[0].text : parts);

const userPart = (part) => extended(part.type === "file" ? filePart(part) : { type: "text", text: part.text }, part);

function assistant(content, reasoning, warnings) {
  const message = { role: "assistant", content: "" };
  const before = [];
  const calls = [];
  for (const part of content) {
    switch (part.type) {
      case "text":
        message.content += part.text;
        break;
      case "reasoning":
        if (reasoning) thought(message, before, part);
        break;
      case "tool-call":
        // What another provider has called itself has its result beside it, and is none of this model's calls.
        if (!part.providerExecuted) calls.push(extended({ id: part.toolCallId, type: "function", function: { name: part.toolName, arguments: argumentsOf(part.input) } }, part));
        break;
      default:
        warnings.push({ type: "unsupported", feature: `${part.type} part of an assistant message`, details: "It is left out." });
    }
  }
  if (calls.length > 0) {
    message.tool_calls = calls;
    if (message.content === "") message.content = null;
  }
  if (before.length > 0) message.content = message.content ? [...before, { type: "text", text: message.content }] : before;
  return message;
}

// Goes back in the form in which it came, which the part has kept; that of another provider goes by the name that most servers know.
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
      // A text that is no JSON is one value.
    }
  }
  return JSON.stringify(input) ?? "{}";
}

function outputOf(output, warnings) {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "execution-denied":
      return output.reason ?? "The tool was not allowed to run.";
    case "content": {
      const parts = output.value.filter(({ type }) => type !== "custom");
      if (parts.length < output.value.length) warnings.push({ type: "unsupported", feature: "custom part of a tool's result", details: "It is left out." });
      const sent = parts.map(userPart);
      return sent.every(({ type }) => type === "text") ? sent.map(({ text }) => text).join("\n") : sent;
    }
    default:
      return JSON.stringify(output.value) ?? "null";
  }
}
