// Streams of unknown servers, passed on in whole events without those that report usage: the bytes are the same however they are split, minus those events and an
// incomplete event at the end.
import assert from "node:assert/strict";
import { head, pieces } from "./input.mjs";

const decoder = new TextDecoder("latin1");
const FIELD = /^\ufeff?(?:data|event|id|retry|error)?:/m;
const END = /(?:^|\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)$/;

/** The first byte says how many bytes come before the end is near; the other bytes of the first line are the sizes of the pieces. */
export function hold(data, { WholeEvents }) {
  const [settings, body] = head(data);
  const sizes = settings.subarray(1);
  const all = kept(body, () => true);
  const asked = kept(body, (event) => !reportsUsage(bytesOf(event)));
  for (const parts of [[body], pieces(body, sizes), pieces(body, [0])]) {
    assert.equal(read(new WholeEvents({ usage: true }), parts, 0), all);
    assert.equal(read(new WholeEvents({ usage: false }), parts, Infinity), all);
    assert.equal(read(new WholeEvents({ usage: false }), parts, 0), asked);
  }
}

/** The bytes that are passed on if `near` bytes come before the end is known to be near. Before the end they are whole events. */
function read(filter, parts, near) {
  let [passed, out] = [0, ""];
  for (const part of parts) {
    for (const piece of filter.take(filter.whole(part), passed >= near, false)) out += decoder.decode(piece);
    assert.ok(out === "" || END.test(out), JSON.stringify(out));
    passed += part.length;
  }
  for (const piece of filter.take(new Uint8Array(0), near !== Infinity, true)) out += decoder.decode(piece);
  return out;
}

const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** The wanted events of a body, each with its blank line; an event without one is kept only if nothing else is missing. A body that has no events at all is kept as it is. */
function kept(body, wanted) {
  const events = decoder.decode(body).split(/(?<=(?:^|\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n))/);
  const rest = END.test(events.at(-1)) ? "" : events.pop();
  const hasFields = (text) => FIELD.test(utf8(text));
  return [...events, hasFields(events.join("")) || hasFields(rest) ? ended(rest) : rest].filter((event) => event !== "" && wanted(event)).join("");
}

function ended(rest) {
  const lines = rest.split(/\r\n|\r|\n/);
  if (lines.pop() === "" && lines.every((line) => line === "" || line.startsWith(":"))) return rest;
  const data = utf8(rest).split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
  const frames = data.trim() === "" ? [] : data.trim().split("\n");
  const isWhole = isJson(data) || (frames.length > 0 && frames.every((frame) => ["", "[DONE]"].includes(frame.trim()) || frame.trim().startsWith(":") || isJson(frame)));
  return isWhole ? rest + (rest.endsWith("\n") ? "\n" : "\n\n") : "";
}

const utf8 = (text) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(text));

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function reportsUsage(event) {
  const lines = new TextDecoder().decode(event).split(/\r\n|\r|\n/);
  const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5));
  let chunk;
  try {
    chunk = JSON.parse(data.join("\n"));
  } catch {
    return false;
  }
  const { choices, usage, error } = chunk ?? {};
  return Array.isArray(choices) && choices.length === 0 && usage !== null && typeof usage === "object" && !error;
}
