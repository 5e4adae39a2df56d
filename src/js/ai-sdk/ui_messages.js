// Turns useChat's messages into the messages of a chat completion: first into the SDK's prompt, then into what a model's server accepts.

import { must } from "./client.js";
import { filePart } from "./file.js";
import { DENIED, isObject, messagesOf } from "./prompt.js";

const FIELDS = ["reasoning", "reasoning_content", "reasoning_text", "think", "content"];
const ROLES = ["system", "user", "assistant"];
const STATES = ["input-streaming", "input-available", "approval-requested", "approval-responded", "output-available", "output-error", "output-denied"];
const UNANSWERED = "This tool call was not carried out.";

const mustBeText = (value, path) => must(typeof value === "string", path, "a string");
const mustBeOneOf = (list, value, path) => must(list.includes(value), path, list.join(", "));
const mustBeWord = (value, path) => must(value && typeof value === "string", path, "a string that is not empty");

function each(list, path, change) {
  must(Array.isArray(list), path, "a list");
  return list.flatMap((one, at) => {
    const place = `${path}[${at}]`;
    must(isObject(one), place, "an object");
    return change(one, place);
  });
}

/** UIMessage[] as chat messages. Each step of an assistant's message becomes a turn, and each tool's result another. Parts that a model can't use are left out. */
export const fromUIMessages = (messages) => answered(each(messages, "messages", turnsOf));

const sent = (role, content) => messagesOf([{ role, content }], true, []);

function turnsOf({ role, parts }, path) {
  mustBeOneOf(ROLES, role, `${path}.role`);
  const known = partsOf(parts, path, role);
  if (role === "user") return userTurn(known);
  if (role === "system") return sent(role, known.map(({ type, text }) => (type === "text" ? text : "")).join(""));
  return assistantTurns(known);
}

const partsOf = (parts, path, role) => each(parts, `${path}.parts`, (part, at) => partOf(part, at, role));

// A part in the form of the SDK's prompt. A call has its results with it, and a user's message in between has its turn. Parts that a model can't use stay unchanged.
function partOf(part, path, role) {
  const { type, text, providerMetadata } = part;
  mustBeText(type, `${path}.type`);
  if (type === "text" || type === "reasoning") {
    mustBeText(text, `${path}.text`);
    // The form in which reasoning arrived. It is checked, since a page may send anything.
    const { field, details } = providerMetadata?.hfetch ?? {};
    return { type, text, providerOptions: { hfetch: { ...(FIELDS.includes(field) && { field }), ...(Array.isArray(details) && { details }) } } };
  }
  if (type === "file" && role === "user") return fileOf(part, path);
  if (type === "steering-message") return { turn: userTurn(partsOf(part.parts, path, "user")) };
  return /^(tool-|dynamic-tool$)/.test(type) ? callOf(part, path) : { type };
}

function callOf({ type, toolName, toolCallId, state, input, rawInput, ...rest }, path) {
  const isDynamic = type === "dynamic-tool";
  const name = isDynamic ? toolName : type.slice("tool-".length);
  mustBeWord(toolCallId, `${path}.toolCallId`);
  mustBeWord(name, isDynamic ? `${path}.toolName` : `${path}.type`);
  mustBeOneOf(STATES, state, `${path}.state`);
  if (state === "output-error") mustBeText(rest.errorText, `${path}.errorText`);
  // A call whose arguments are incomplete doesn't count as a call.
  return { type: state === "input-streaming" ? state : "tool-call", toolCallId, toolName: name, input: input ?? rawInput ?? {}, results: resultsOf(state, rest).map((result) => toolTurn(toolCallId, result)) };
}

// The results of a call; an empty list while it has none.
function resultsOf(state, { output, errorText, approval }) {
  if (state === "output-available") return [output];
  if (state === "output-error") return [errorText];
  const isDenied = state === "output-denied" || (state === "approval-responded" && approval?.approved === false);
  return isDenied ? [typeof approval?.reason === "string" ? approval.reason : DENIED] : [];
}

function userTurn(parts) {
  const content = parts.filter(({ type }) => type === "text" || type === "file");
  // A message without parts becomes an empty text.
  return sent("user", content.length > 0 ? content : [{ type: "text", text: "" }]);
}

// A link, or a data URL.
function fileOf({ url, mediaType, filename }, path) {
  mustBeWord(mediaType, `${path}.mediaType`);
  must(/^(https?:\/\/|data:[^,]*,)/i.test(url), `${path}.url`, "an http(s) or data URL");
  try {
    const part = { type: "file", mediaType: mediaType.toLowerCase(), filename, data: /^data:/i.test(url) ? { type: "data", data: dataOf(url) } : { type: "url", url } };
    // The part is made once here, so that an error names its path.
    filePart(part);
    return part;
  } catch {
    must(false, `${path}.url`, "a URL that can be read");
  }
}

function dataOf(url) {
  const [head] = url.split(",", 1);
  const text = decodeURIComponent(url.slice(head.length + 1));
  return /;base64$/i.test(head) ? text : new TextEncoder().encode(text);
}

// A turn for each step in which the model has answered, followed by the results of its calls; and the user's messages in between.
function assistantTurns(parts) {
  const turns = [];
  let step = [];
  for (const part of [...parts, { type: "step-start" }]) {
    step.push(part);
    if (part.type !== "step-start" && !part.turn) continue;
    // Reasoning alone is no answer.
    if (step.some(({ type, text }) => type === "tool-call" || (type === "text" && text))) turns.push(...sent("assistant", step), ...step.flatMap(({ results = [] }) => results));
    turns.push(...(part.turn ?? []));
    step = [];
  }
  return turns;
}

const toolTurn = (id, result) => ({ role: "tool", tool_call_id: id, content: typeof result === "string" ? result : JSON.stringify(result ?? null) });

// Servers refuse a call without a result if the conversation goes on after it. Only at the end a call may still wait for its result.
function answered(turns) {
  const given = new Set(turns.map(({ tool_call_id: id }) => id));
  const last = turns.map(({ role }) => role !== "tool").lastIndexOf(true);
  return turns.flatMap((turn, at) => {
    const open = at < last ? (turn.tool_calls ?? []).filter(({ id }) => !given.has(id)) : [];
    return [turn, ...open.map(({ id }) => toolTurn(id, UNANSWERED))];
  });
}
