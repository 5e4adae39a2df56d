// A message, or a piece of one, as the SDK's content.

import { contentOf, reasoningOf } from "./client.js";

const FIELDS = ["reasoning", "reasoning_content", "reasoning_text"];

/**
 * What a message or delta says of the model's thoughts, or null: `text`, and the metadata that tells in which form it came, since in that form it goes
 * back. Details, which may be signed, are kept as they are.
 */
export function thoughtOf(message) {
  const text = reasoningOf(message);
  const details = list(message.reasoning_details);
  const hasDetails = details.length > 0;
  if (text === null && !hasDetails) return null;
  const own = FIELDS.find((name) => typeof message[name] === "string" && message[name] !== "");
  const field = own ?? (hasDetails ? undefined : "content");
  return { text: text ?? "", form: { ...(field && { field }), ...(hasDetails && { details }) } };
}

/** That reasoning has stood in the text. */
export const IN_TEXT = { field: "think" };

/** Whether a choice is the one that is read. */
export const isFirst = (choice) => !choice?.index && choice !== null;

/** Its text, and its refusal, which is a text as well. */
export const textsOf = (message) => [contentOf(message), message.refusal].filter((text) => typeof text === "string" && text !== "");

/** Places on the web, and files, that a message names. */
export function* beside(message, seen) {
  for (const { url_citation: cited } of list(message.annotations)) yield* source(cited, seen);
  for (const { image_url: image } of list(message.images)) {
    const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(image?.url ?? "") ?? [];
    if (data !== undefined) yield { type: "file", mediaType, data: { type: "data", data } };
  }
}

/** Places on the web that an answer as a whole names. */
export function* citations({ citations: urls, search_results: found }, seen) {
  for (const place of [...list(found), ...list(urls).map((url) => (typeof url === "string" ? { url } : url))]) yield* source(place, seen);
}

function* source(place, seen) {
  const { url, title } = place ?? {};
  if (typeof url !== "string" || seen.has(url)) return;
  seen.add(url);
  yield { type: "source", sourceType: "url", id: `source-${seen.size - 1}`, url, ...(typeof title === "string" && { title }) };
}

// Without what is neither an object nor a text.
const list = (value) => (Array.isArray(value) ? value.filter((each) => each && (typeof each === "object" || typeof each === "string")) : []);

/** The calls of a whole message. */
export function callsOf({ tool_calls: calls, function_call: one }, idOf) {
  const all = list(calls).length > 0 ? calls : one ? [{ function: one }] : [];
  return all
    .filter((call) => call?.function)
    .map(({ id, function: { name, arguments: input } }, at) => ({
      type: "tool-call",
      toolCallId: idOf(id, at),
      toolName: name ?? "",
      input: typeof input === "string" ? input : input ? JSON.stringify(input) : "",
    }));
}

/** Gives calls their ids: the server's, where it is one. TGI calls each the same; in the history they have to differ. */
export function callIds() {
  const given = new Map();
  return (id, at) => {
    const known = given.get(at);
    if (known !== undefined) return known;
    const isOwn = typeof id === "string" && !/^\d{0,3}$/.test(id) && ![...given.values()].includes(id);
    const chosen = isOwn ? id : `call_${Math.random().toString(36).slice(2, 12).padEnd(10, "0")}`;
    given.set(at, chosen);
    return chosen;
  };
}
