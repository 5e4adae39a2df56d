// Turns one answer, whole or in chunks, into the AI SDK's stream parts. The provider streams these parts, builds whole answers from them, and makes useChat's
// frames from them.

import { contentOf, reasoningOf } from "./client.js";
import { REASONS, failureOf, identityOf } from "./finish.js";
import { Thinking } from "./thinking.js";

const FIELDS = ["reasoning", "reasoning_content", "reasoning_text"];

// Whether this is the choice that is read: the first one.
const isFirst = (choice) => choice && !choice.index;

/** A list; some servers send a single value instead of a list with one item. */
export const all = (value) => [value ?? []].flat();

const argumentsOf = (input) => (typeof input === "string" ? input : input ? JSON.stringify(input) : "");

function callsIn({ tool_calls: calls, function_call: one }) {
  const named = all(calls).filter((call) => call?.function);
  return named.length > 0 || !one ? named : [{ function: one }];
}

/** The parts of one answer so far. */
export class Answer {
  usage;
  reason;
  #tell; // is called with each part
  #begun = false; // whether anything of the answer has arrived
  #known = false; // whether its id and model have been told
  #open; // the block that is being written: {type, id, form}
  #blocks = 0;
  #thinking = new Thinking((isReasoning, text) => (isReasoning ? this.#write("reasoning", text, { field: "think" }) : this.#write("text", text)));
  #calls = []; // {index, place, own, id, input}: `own` is the server's id, `input` the arguments that have not been passed on yet
  #ids = new Set();
  #places = new Set();
  #aside = []; // parts that follow after the text and the calls
  #turn; // a reason to end that the server's own finish reason doesn't show

  constructor(tell) {
    this.#tell = tell;
  }

  /** Why the answer ended. Some servers say "stop" although they call tools or refuse, or give no reason. */
  finish(failure) {
    const raw = this.reason;
    const unified = failure ? failureOf(failure) : (REASONS[raw] ?? "other");
    return { unified: this.#turn && /stop|other/.test(unified) ? this.#turn : unified, raw };
  }

  /** Adds a chunk or a whole answer. */
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

  /** Ends the answer. A whole answer says which calls it has, and in which order. In any other a call may be incomplete, and isn't passed on. */
  end(completion) {
    const choice = completion?.choices?.find(isFirst) ?? completion?.choices?.[0];
    if (completion && !this.#begun) this.add(completion, choice);
    this.#thinking.end();
    this.#close();
    const begun = [...this.#calls].sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
    callsIn(choice?.message ?? {}).forEach(({ id: own, function: called }, at) => {
      // A name that no tool has; the model is told so.
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

  // The metadata of a reasoning part records the form in which it arrived, because it has to be sent back in that form. Details may be signed and are kept unchanged.
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

  // Web sources and files in a message or in the whole answer.
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

  // Continues a call, found by its index, its id or its position; or begins one.
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

  // Begins a call. Its id is the server's, if that is usable. TGI gives every call the same id, but in the history they must differ.
  #begin(own, toolName) {
    const isOwn = typeof own === "string" && !/^\d{0,3}$/.test(own) && !this.#ids.has(own);
    const id = isOwn ? own : `call_${Math.random().toFixed(20).slice(2)}`;
    this.#ids.add(id);
    this.#tell({ type: "tool-input-start", id, toolName });
    return id;
  }
}

// Joins the pieces of a detail, which have the same index, by appending their texts.
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
