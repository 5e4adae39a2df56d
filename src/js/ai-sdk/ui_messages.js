// useChat's messages as the messages of a chat completion: as the prompt that the SDK would make of them, and that as a model's server takes it.

import { HuggingFace } from "./client.js";
import { messagesOf } from "./prompt.js";

const ROLES = ["system", "user", "assistant"];
const FIELDS = ["reasoning", "reasoning_content", "reasoning_text", "think", "content"];
const STATES = ["input-streaming", "input-available", "approval-requested", "approval-responded", "output-available", "output-error", "output-denied"];
const DENIED = "The user denied this tool call.";
const UNANSWERED = "This tool call was not carried out.";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const bad = (path, expected) => new HuggingFace.ConfigError(`${path}: ${expected} is expected`, { path });

/** UIMessage[] as chat messages: each step of an assistant's message is a turn, and each tool's answer one. What is of no use to a model is left out. */
export function fromUIMessages(messages) {
  if (!Array.isArray(messages)) throw bad("messages", "a list of UI messages");
  return answered(messages.flatMap((message, at) => turnsOf(message, `messages[${at}]`)));
}

const sent = (message) => messagesOf([message], true, []);

function turnsOf(message, path) {
  if (!isObject(message)) throw bad(path, "a UI message");
  const { role, parts } = message;
  if (!ROLES.includes(role)) throw bad(`${path}.role`, '"system", "user" or "assistant"');
  const checked = checkedParts(parts, `${path}.parts`);
  if (role === "assistant") return steps(checked).flatMap(stepTurns);
  return role === "user" ? userTurn(checked) : sent({ role, content: textOf(checked) });
}

// Each with its path, for what is looked at later.
function checkedParts(parts, path) {
  if (!Array.isArray(parts)) throw bad(path, "a list of parts");
  return parts.map((part, at) => checkedPart(part, `${path}[${at}]`));
}

function checkedPart(part, path) {
  if (!isObject(part)) throw bad(path, "a part of a UI message");
  const { type } = part;
  if (typeof type !== "string") throw bad(`${path}.type`, "a text");
  if ((type === "text" || type === "reasoning") && typeof part.text !== "string") throw bad(`${path}.text`, "a text");
  if (isTool(part)) checkTool(part, path);
  return { part, path, ...(type === "steering-message" && { steering: checkedParts(part.parts, `${path}.parts`) }) };
}

const isTool = ({ type }) => type === "dynamic-tool" || type.startsWith("tool-");
const nameOf = ({ type, toolName }) => (type === "dynamic-tool" ? toolName : type.slice("tool-".length));

function checkTool(part, path) {
  if (typeof part.toolCallId !== "string" || part.toolCallId === "") throw bad(`${path}.toolCallId`, "the id of a tool call");
  if (typeof nameOf(part) !== "string" || nameOf(part) === "") throw bad(part.type === "dynamic-tool" ? `${path}.toolName` : `${path}.type`, "the name of a tool");
  if (!STATES.includes(part.state)) throw bad(`${path}.state`, `one of ${STATES.join(", ")}`);
  if (part.state === "output-error" && typeof part.errorText !== "string") throw bad(`${path}.errorText`, "a text");
}

const textOf = (parts) => parts.filter(({ part }) => part.type === "text").map(({ part }) => part.text).join("");

function userTurn(parts) {
  const content = parts.flatMap(({ part, path }) => (part.type === "text" ? { type: "text", text: part.text } : part.type === "file" ? fileOf(part, path) : []));
  // No part at all is an empty question.
  return content.length > 0 ? sent({ role: "user", content }) : [{ role: "user", content: "" }];
}

// A link, or a data URL, whose data a server may want by itself.
function fileOf({ url, mediaType, filename }, path) {
  if (typeof mediaType !== "string" || mediaType === "") throw bad(`${path}.mediaType`, "a media type");
  if (typeof url !== "string" || !/^(?:https?:\/\/|data:[^,]*,)/i.test(url)) throw bad(`${path}.url`, "an http(s) or data URL");
  const file = { type: "file", mediaType: mediaType.toLowerCase(), filename };
  const isData = /^data:/i.test(url) && !/^(?:image|video)\//i.test(mediaType);
  try {
    const part = { ...file, data: isData ? { type: "data", data: dataOf(url) } : { type: "url", url } };
    // Once by itself, so that an error of it has its path.
    sent({ role: "user", content: [part] });
    return part;
  } catch {
    throw bad(`${path}.url`, `a data URL that can be read, which ${mediaType} needs`);
  }
}

function dataOf(url) {
  const comma = url.indexOf(",");
  const text = decodeURIComponent(url.slice(comma + 1));
  return /;base64$/i.test(url.slice(0, comma)) ? text : new TextEncoder().encode(text);
}

// The parts of each step, and what a user said between two of them.
function steps(parts) {
  const found = [[]];
  for (const checked of parts) {
    if (checked.part.type === "step-start") found.push([]);
    else if (checked.steering) found.push([checked], []);
    else found.at(-1).push(checked);
  }
  return found;
}

function stepTurns(parts) {
  if (parts[0]?.steering) return userTurn(parts[0].steering);
  const content = parts.flatMap(({ part }) => assistantParts(part));
  // Thoughts alone are no answer.
  if (!content.some(({ type, text }) => type === "tool-call" || (type === "text" && text !== ""))) return [];
  const results = parts.flatMap(({ part }) => (isTool(part) ? resultOf(part) : []));
  return [...sent({ role: "assistant", content }), ...sent({ role: "tool", content: results })];
}

function assistantParts(part) {
  const { type, text, state, toolCallId, input, rawInput } = part;
  if (type === "text") return { type, text };
  if (type === "reasoning") return { type, text, providerOptions: { hfetch: formOf(part) } };
  // A call whose arguments had not all come is none.
  return isTool(part) && state !== "input-streaming" ? { type: "tool-call", toolCallId, toolName: nameOf(part), input: input ?? rawInput ?? {} } : [];
}

// In which form reasoning came. A page may send anything.
function formOf({ providerMetadata }) {
  const { field, details } = providerMetadata?.hfetch ?? {};
  return { ...(FIELDS.includes(field) && { field }), ...(Array.isArray(details) && { details }) };
}

function resultOf({ state, toolCallId, output, errorText, approval }) {
  const result = (words) => ({ type: "tool-result", toolCallId, output: typeof words === "string" ? { type: "text", value: words } : { type: "json", value: words ?? null } });
  if (state === "output-available") return result(output);
  if (state === "output-error") return result(errorText);
  const denied = state === "output-denied" || (state === "approval-responded" && approval?.approved === false);
  return denied ? result(typeof approval?.reason === "string" ? approval.reason : DENIED) : [];
}

// Where the conversation has gone on, servers refuse a call without an answer. At its end a call may still wait for one.
function answered(turns) {
  const given = new Set(turns.map(({ tool_call_id: id }) => id));
  const last = turns.findLastIndex(({ role }) => role !== "tool");
  return turns.flatMap((turn, at) => {
    const open = at < last ? (turn.tool_calls ?? []).filter(({ id }) => !given.has(id)) : [];
    return [turn, ...open.map(({ id }) => ({ role: "tool", tool_call_id: id, content: UNANSWERED }))];
  });
}
