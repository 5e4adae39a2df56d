// Streams of strangers, handed on without the events that report usage: the same bytes at every chunking, less those events.
import assert from "node:assert/strict";
import { head, pieces } from "./input.mjs";

const decoder = new TextDecoder("latin1");

/** The first byte says how many bytes come before the end is near; the further ones of the first line the sizes of the pieces. */
export function hold(data, { WithoutUsage }) {
  const [settings, body] = head(data);
  const sizes = settings.subarray(1);
  assert.equal(read(new WithoutUsage(), pieces(body, sizes), Infinity), decoder.decode(body));
  const expected = kept(body);
  for (const parts of [[body], pieces(body, sizes), pieces(body, [0])]) assert.equal(read(new WithoutUsage(), parts, 0), expected);
}

/** What is handed on, when `near` bytes come before it is known that the end is near. */
function read(reader, parts, near) {
  let [passed, out] = [0, ""];
  for (const part of parts) {
    for (const piece of reader.take(part, passed >= near, false)) out += decoder.decode(piece);
    passed += part.length;
  }
  for (const piece of reader.take(new Uint8Array(0), near !== Infinity, true)) out += decoder.decode(piece);
  return out;
}

/** The events of a body, each with its blank line, but for those that report usage. */
function kept(body) {
  const events = decoder.decode(body).split(/(?<=(?:^|\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n))/);
  return events.filter((event) => !reportsUsage(Uint8Array.from(event, (letter) => letter.charCodeAt(0)))).join("");
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
