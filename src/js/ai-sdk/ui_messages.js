// useChat's messages as the messages of a chat completion.

import { HuggingFace } from "./client.js";
import { chatPartOf } from "./ui_file.js";

const ROLES = ["system", "user", "assistant"];
const REASONING_FIELDS = ["reasoning", "reasoning_content", "reasoning_text"];
const STATES = ["input-streaming", "input-available", "approval-requested", "approval-responded", "output-available", "output-error", "output-denied"];
const DENIED = "The user denied this tool call.";
const UNANSWERED = "This tool call was not carried out.";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** UIMessage[] as chat messages: each step of an assistant's message is a turn, and each tool's answer one. What is of no use to a model is left out. */
export function fromUIMessages(messages) {
  if (!Array.isArray(messages)) throw bad("messages", "a list of UI messages");
  const turns = messages.flatMap((message, at) => turnsOf(message, `messages[${at}]`));
  return answered(turns);
}

const bad = (path, expected) => new HuggingFace.ConfigError(`${path}: ${expected} is expected`, { path });

function turnsOf(message, path) {
  if (!isObject(message)) throw bad(path, "a UI message");
  const { role, parts } = message;
  if (!ROLES.includes(role)) throw bad(`${path}.role`, '"system", "user" or "assistant"');
  if (!Array.isArray(parts)) throw bad(`${path}.parts`, "a list of parts");
  const checked = parts.map((part, at) => checkedPart(part, `${path}.parts[${at}]`));
  if (role === "assistant") return steps(checked).flatMap(stepTurns);
  if (role === "system") return [{ role, content: textOf(checked) }];
  return [userTurn(checked)];
}

// Each with its path, for what is looked at later.
function checkedPart(part, path) {
  if (!isObject(part)) throw bad(path, "a part of a UI message");
  const { type } = part;
  if (typeof type !== "string") throw bad(`${path}.type`, "a text");
  if ((type === "text" || type === "reasoning") && typeof part.text !== "string") throw bad(`${path}.text`, "a text");
  if (type === "steering-message") {
    if (!Array.isArray(part.parts)) throw bad(`${path}.parts`, "a list of parts");
    return { part: { type, parts: part.parts.map((inner, at) => checkedPart(inner, `${path}.parts[${at}]`)) }, path };
  }
  if (isTool(part)) checkTool(part, path);
  return { part, path };
}

const isTool = ({ type }) => type === "dynamic-tool" || type.startsWith("tool-");
const nameOf = ({ type, toolName }) => (type === "dynamic-tool" ? toolName : type.slice("tool-".length));

function checkTool(part, path) {
  if (typeof part.toolCallId !== "string" || part.toolCallId === "") throw bad(`${path}.toolCallId`, "the id of a tool call");
  if (typeof nameOf(part) !== "string" || nameOf(part) === "") throw bad(part.type === "dynamic-tool" ? `${path}.toolName` : `${path}.type`, "the name of a tool");
  if (!STATES.includes(part.state)) throw bad(`${path}.state`, `one of ${STATES.join(", ")}`);
  if (part.state === "output-error" && typeof part.errorText !== "string") throw bad(`${path}.errorText`, "a text");
}

const ofType = (parts, wanted) => parts.filter(({ part: { type } }) => type === wanted).map(({ part }) => part);
const textOf = (parts) => ofType(parts, "text").map(({ text }) => text).join("");

// One text is a plain content, as servers that know nothing else want it.
function userTurn(parts) {
  const content = parts.map(({ part, path }) => (part.type === "text" ? { type: "text", text: part.text } : part.type === "file" ? chatPartOf(part, path, bad) : undefined)).filter(Boolean);
  const isText = content.every(({ type }) => type === "text") && content.length < 2;
  return { role: "user", content: isText ? (content[0]?.text ?? "") : content };
}

// The parts of each step, and what a user said between two of them.
function steps(parts) {
  const found = [[]];
  for (const checked of parts) {
    if (checked.part.type === "step-start") found.push([]);
    else if (checked.part.type === "steering-message") found.push([checked], []);
    else found.at(-1).push(checked);
  }
  return found;
}

function stepTurns(parts) {
  const [steering] = ofType(parts, "steering-message");
  if (steering !== undefined) return [userTurn(steering.parts)];
  // A call whose arguments had not all come is none.
  const calls = parts.map(({ part }) => part).filter((part) => isTool(part) && part.state !== "input-streaming");
  const text = reasonedText(parts);
  if (text === "" && calls.length === 0) return [];
  const turn = { role: "assistant", content: text === "" ? null : text, ...reasoningOf(parts) };
  if (calls.length > 0) turn.tool_calls = calls.map(callOf);
  return [turn, ...calls.map(answerOf).filter(Boolean)];
}

// Reasoning goes back as it came: in the text, or by the name of its field.
const cameBy = (part) => part.providerMetadata?.hfetch?.field;
const thoughts = (parts, wanted) => ofType(parts, "reasoning").filter((part) => (cameBy(part) === "content") === wanted && part.text !== "");

function reasonedText(parts) {
  const inline = thoughts(parts, true).map(({ text }) => text).join("");
  return inline === "" ? textOf(parts) : `<think>${inline}</think>\n\n${textOf(parts)}`;
}

function reasoningOf(parts) {
  const own = thoughts(parts, false);
  if (own.length === 0) return {};
  const field = cameBy(own[0]);
  return { [REASONING_FIELDS.includes(field) ? field : "reasoning_content"]: own.map(({ text }) => text).join("") };
}

function callOf(part) {
  const { toolCallId: id, input, rawInput } = part;
  return { id, type: "function", function: { name: nameOf(part), arguments: argumentsOf(input ?? rawInput) } };
}

// A text that is JSON stands as it is; every other value is written.
function argumentsOf(input) {
  if (typeof input === "string") {
    try {
      JSON.parse(input);
      return input;
    } catch {
      // Servers read arguments as JSON.
    }
  }
  return JSON.stringify(input ?? {});
}

function answerOf({ state, toolCallId, output, errorText, approval }) {
  const content = { "output-available": output, "output-error": errorText, "output-denied": approval?.reason ?? DENIED }[state];
  const denied = state === "approval-responded" && approval?.approved === false ? (approval.reason ?? DENIED) : undefined;
  if (state !== "output-available" && content === undefined && denied === undefined) return undefined;
  const value = content ?? denied ?? null;
  return { role: "tool", tool_call_id: toolCallId, content: typeof value === "string" ? value : JSON.stringify(value) };
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
