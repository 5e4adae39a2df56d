// One answer, whole or in chunks, as the SDK's stream parts. They are what the provider streams, what its whole answers are put together
// of, and what useChat's frames are made of.

import { contentOf, reasoningOf } from "./client.js";
import { REASONS, failureOf, identityOf } from "./finish.js";
import { Thinking } from "./thinking.js";

const FIELDS = ["reasoning", "reasoning_content", "reasoning_text"];

// Whether a choice is the one that is read.
const isFirst = (choice) => choice && !choice.index;

/** A list, or the one thing that a server has put in its place. */
export const all = (value) => [value ?? []].flat();

const argumentsOf = (input) => (typeof input === "string" ? input : input ? JSON.stringify(input) : "");

function callsIn({ tool_calls: calls, function_call: one }) {
  const named = all(calls).filter((call) => call?.function);
  return named.length > 0 || !one ? named : [{ function: one }];
}

/** What has come of one answer so far. */
export class Answer {
  usage;
  reason;
  #tell; // is given each part
  #begun = false; // whether anything of it has come
  #known = false; // whether it has said what it is
  #open; // the block that is being written: {type, id, form}
  #blocks = 0;
  #thinking = new Thinking((isReasoning, text) => (isReasoning ? this.#write("reasoning", text, { field: "think" }) : this.#write("text", text)));
  #calls = []; // {index, place, own, id, input}: `own` is the server's id, `input` what has not been told yet
  #ids = new Set();
  #places = new Set();
  #aside = []; // parts that come behind the text and the calls
  #turn; // what it ended for where its reason doesn't tell

  constructor(tell) {
    this.#tell = tell;
  }

  /** Why it ended. Some servers say "stop" although they call tools or refuse, or nothing at all. */
  finish(failure) {
    const raw = this.reason;
    const unified = failure ? failureOf(failure) : (REASONS[raw] ?? "other");
    return { unified: this.#turn && /stop|other/.test(unified) ? this.#turn : unified, raw };
  }

  /** Adds a chunk, or a whole answer. */
  add(chunk, choice = chunk.choices?.find?.(isFirst)) {
    this.#begun = true;
    if (!this.#known && (chunk.id || chunk.model)) {
      this.#known = true;
      this.#tell({ type: "response-metadata", ...identityOf(chunk) });
    }
    this.usage = chunk.usage ?? this.usage;
    this.reason = choice?.finish_reason || this.reason;
    if (choice) this.#message(choice.delta ?? choice.message ?? { content: choice.text });
    this.#beside(chunk);
  }

  /** The end: of an answer that is whole it says which calls there are, and in which order. Of one that is not a call may lack its end, and is not made. */
  end(completion) {
    const choice = completion?.choices?.find(isFirst) ?? completion?.choices?.[0];
    if (completion && !this.#begun) this.add(completion, choice);
    this.#thinking.end();
    this.#close();
    const begun = [...this.#calls].sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
    callsIn(choice?.message ?? {}).forEach(({ id: own, function: called }, at) => {
      // No such tool, as the model then hears.
      const toolName = called.name || "unknown";
      const input = argumentsOf(called.arguments);
      const known = begun[at]?.id;
      const id = known ?? this.#begin(own, toolName);
      if (!known) this.#tell({ type: "tool-input-delta", id, delta: input });
      this.#tell({ type: "tool-input-end", id });
      this.#tell({ type: "tool-call", toolCallId: id, toolName, input });
      this.#turn = "tool-calls";
    });
    this.#aside.forEach(this.#tell);
  }

  #message(said) {
    this.#thought(said);
    for (const content of [said.content, said.refusal]) this.#thinking.push(contentOf({ content }));
    if (said.refusal) this.#turn = "content-filter";
    this.#beside(said);
    callsIn(said).forEach((call, place) => this.#call(call, place));
  }

  // The metadata of a thought tells in which form it came, since in that form it goes back. Details, which may be signed, are kept as they are.
  #thought(said) {
    const text = reasoningOf(said);
    const details = all(said.reasoning_details).filter((detail) => detail && typeof detail === "object");
    if (text === null && !details[0]) return;
    const field = FIELDS.find((name) => said[name] && typeof said[name] === "string") ?? (details[0] ? undefined : "content");
    this.#write("reasoning", text ?? "", { ...(field && { field }), ...(details[0] && { details }) });
  }

  #write(type, delta, form) {
    if (this.#open?.type !== type) {
      this.#close();
      this.#open = { type, id: `${type}-${this.#blocks++}`, form };
      this.#edge("start");
    } else if (form?.details) this.#open.form = { ...form, details: joined(this.#open.form?.details ?? [], form.details) };
    if (delta !== "") this.#tell({ type: `${type}-delta`, id: this.#open.id, delta });
  }

  #close() {
    if (this.#open) this.#edge("end");
    this.#open = undefined;
  }

  #edge(side) {
    const { type, id, form } = this.#open;
    this.#tell({ type: `${type}-${side}`, id, ...(form && { providerMetadata: { hfetch: form } }) });
  }

  // Places on the web, and files, that a message or the answer as a whole names.
  #beside({ annotations, images, search_results: found, citations }) {
    for (const place of [...all(annotations).map((each) => each?.url_citation), ...all(found), ...all(citations)]) {
      const { url = place, title } = place ?? {};
      if (!url || typeof url !== "string" || this.#places.has(url)) continue;
      this.#aside.push({ type: "source", sourceType: "url", id: `source-${this.#places.size}`, url, ...(typeof title === "string" && { title }) });
      this.#places.add(url);
    }
    for (const image of all(images)) {
      const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(image?.image_url?.url) ?? [];
      if (mediaType) this.#aside.push({ type: "file", mediaType, data: { type: "data", data } });
    }
  }

  // A call whose place among the others can be told goes on.
  #call({ index, id, function: called }, place) {
    this.#close();
    const isSame = (known) => (typeof index === "number" ? known.index === index : id ? known.own === id : known.place === place);
    let call = this.#calls.filter(isSame).pop();
    if (!call || (id && call.own && call.own !== id && called.name)) this.#calls.push((call = { index, place, own: id, input: "" }));
    call.input += argumentsOf(called.arguments);
    if (called.name) call.id ??= this.#begin(call.own, called.name);
    if (!call.id || call.input === "") return;
    this.#tell({ type: "tool-input-delta", id: call.id, delta: call.input });
    call.input = "";
  }

  // Begins a call. Its id is the server's, where that is one. TGI calls each the same; in the history they have to differ.
  #begin(own, toolName) {
    const isOwn = typeof own === "string" && !/^\d{0,3}$/.test(own) && !this.#ids.has(own);
    const id = isOwn ? own : `call_${Math.random().toFixed(20).slice(2)}`;
    this.#ids.add(id);
    this.#tell({ type: "tool-input-start", id, toolName });
    return id;
  }
}

// Pieces of one detail have its index; their texts go on in one another.
function joined(before, more) {
  const details = [...before];
  for (const detail of more) {
    const last = details.at(-1);
    const isSame = last && last.index === detail.index && last.type === detail.type;
    const merged = { ...(isSame && details.pop()), ...detail };
    if (isSame) for (const key of ["text", "summary", "data"]) if (typeof detail[key] === "string") merged[key] = (last[key] ?? "") + detail[key];
    details.push(merged);
  }
  return details;
}
