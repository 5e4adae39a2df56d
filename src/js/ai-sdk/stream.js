// A stream of chunks as the SDK's stream of parts.

import { metadataOf } from "./call.js";
import { IN_TEXT, beside, callIds, callsOf, citations, isFirst, textsOf, thoughtOf } from "./content.js";
import { forSdk } from "./error.js";
import { finishOf, identityOf, isCut, usageOf } from "./finish.js";
import { Thinking } from "./thinking.js";

/** `chunks` are what the stream gives, `read` makes a chat's chunk of each. `raw`: whether each is a part as well. `lead` are parts that come first. */
export function partsOf(stream, chunks, { body, read, signal, raw, lead }) {
  const answer = new Answer();
  let first = lead;
  const pull = async (controller) => {
    let parts = first;
    first = [];
    let over = false;
    try {
      while (parts.length === 0 && !over) {
        const { value, done } = await chunks.next();
        over = done;
        if (done) parts = answer.end(read(await stream.final()));
        else parts = [...(raw ? [{ type: "raw", rawValue: value }] : []), ...answer.add(read(value))];
      }
      if (over) parts.push(finished(answer, await stream.settled));
    } catch (error) {
      const told = forSdk(error, body, signal);
      if (error?.name === "APIUserAbortError") return controller.error(told);
      parts = answer.break();
      const cut = isCut(error);
      if (!cut) parts.push({ type: "error", error: told });
      const finishReason = { unified: cut ? "interrupted" : "error", raw: answer.reason };
      parts.push({ ...finished(answer, await stream.settled), finishReason });
      over = true;
    }
    for (const part of parts) controller.enqueue(part);
    if (over) controller.close();
  };
  const cancel = () => stream.return();
  // Nothing is read from the network before it is asked for.
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

const finished = (answer, settlement) => ({ type: "finish", finishReason: answer.finish(), usage: usageOf(answer.usage), providerMetadata: metadataOf(settlement) });

/** What has come of one answer so far. Methods give the parts that are added. */
export class Answer {
  usage = undefined;
  reason = undefined;
  #known = false;
  #open = null; // the block that is being written: {type, id, form}
  #blocks = 0;
  #thinking = new Thinking();
  #calls = []; // {key, id, name, begun}
  #idOf = callIds();
  #seen = new Set();
  #sources = [];
  #flags = { hasCalls: false, hasRefusal: false };

  finish() {
    return finishOf(this.reason, this.#flags);
  }

  add(chunk) {
    const parts = [];
    const identity = this.#known ? {} : identityOf(chunk);
    if (Object.keys(identity).length > 0) {
      this.#known = true;
      parts.push({ type: "response-metadata", ...identity });
    }
    this.usage = chunk.usage ?? this.usage;
    this.#sources.push(...citations(chunk, this.#seen));
    const choice = chunk.choices?.find?.(isFirst);
    if (choice) this.#choice(choice, parts);
    return parts;
  }

  #choice({ delta, message, finish_reason: reason }, parts) {
    this.reason = reason || this.reason;
    const said = delta ?? message;
    if (!said) return;
    const thought = thoughtOf(said);
    if (thought !== null) this.#write("reasoning", thought.text, parts, thought.form);
    for (const text of textsOf(said)) this.#text(this.#thinking.push(text), parts);
    if (said.refusal) this.#flags.hasRefusal = true;
    this.#sources.push(...beside(said, this.#seen));
    for (const [place, call] of callsIn(said).entries()) this.#call(call, place, parts);
  }

  #text(pieces, parts) {
    for (const [isReasoning, text] of pieces) {
      if (isReasoning) this.#write("reasoning", text, parts, IN_TEXT);
      else this.#write("text", text, parts);
    }
  }

  #write(type, delta, parts, form) {
    if (this.#open?.type !== type) {
      this.#close(parts);
      this.#open = { type, id: `${type}-${this.#blocks++}`, form };
      parts.push({ type: `${type}-start`, id: this.#open.id, ...metadata(form) });
    } else if (form?.details) this.#open.form = { ...form, details: joined(this.#open.form?.details, form.details) };
    if (delta !== "") parts.push({ type: `${type}-delta`, id: this.#open.id, delta });
  }

  #close(parts) {
    if (this.#open === null) return;
    const { type, id, form } = this.#open;
    parts.push({ type: `${type}-end`, id, ...metadata(form) });
    this.#open = null;
  }

  // A call whose place among the others can be told goes on; which calls there are at last, the whole answer says.
  #call({ index, id, function: called = {} }, place, parts) {
    this.#close(parts);
    const at = this.#calls.findLastIndex((call) => (index === null || index === undefined ? (id ? call.own === id : call.place === place) : call.index === index));
    let call = this.#calls[at];
    if (call === undefined || (id && call.own && call.own !== id && called.name)) {
      call = { index, place, own: id, name: "", begun: false, input: "" };
      this.#calls.push(call);
    }
    call.name ||= called.name ?? "";
    const input = called.arguments ?? "";
    call.input += typeof input === "string" ? input : JSON.stringify(input);
    if (call.name === "") return;
    call.id ??= this.#idOf(call.own, call);
    if (!call.begun) parts.push({ type: "tool-input-start", id: call.id, toolName: call.name });
    call.begun = true;
    if (call.input !== "") parts.push({ type: "tool-input-delta", id: call.id, delta: call.input });
    call.input = "";
  }

  #rest() {
    const parts = [];
    this.#text(this.#thinking.end(), parts);
    this.#close(parts);
    return parts;
  }

  /** The end of an answer that is whole. */
  end(completion) {
    const parts = this.#rest();
    const message = completion.choices?.find(isFirst)?.message ?? {};
    // Those of the whole answer stand by their index, however they came.
    const begun = [...this.#calls].sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
    const calls = callsOf(message, (id, at) => begun[at]?.id ?? this.#idOf(id, at));
    this.#flags.hasCalls = calls.length > 0;
    for (const [at, call] of calls.entries()) {
      const id = call.toolCallId;
      if (!begun[at]?.begun) {
        parts.push({ type: "tool-input-start", id, toolName: call.toolName }, { type: "tool-input-delta", id, delta: call.input });
      }
      parts.push({ type: "tool-input-end", id }, call);
    }
    return [...parts, ...this.#sources];
  }

  /** The end of one that is not: a call that may lack its end is not made. */
  break() {
    return [...this.#rest(), ...this.#sources];
  }
}

const metadata = (form) => (form ? { providerMetadata: { hfetch: form } } : {});

function callsIn({ tool_calls: calls, function_call: one }) {
  const list = Array.isArray(calls) ? calls : calls ? [calls] : [];
  return list.length > 0 ? list.filter((call) => call?.function) : one ? [{ function: one }] : [];
}

// Pieces of one detail have its index; their texts go on in one another.
function joined(before = [], more) {
  const details = [...before];
  for (const detail of more) {
    const last = details.at(-1);
    if (last === undefined || last.index !== detail.index || last.type !== detail.type) details.push(detail);
    else {
      const merged = { ...last, ...detail };
      for (const key of ["text", "summary", "data"]) if (typeof last[key] === "string" && typeof detail[key] === "string") merged[key] = last[key] + detail[key];
      details[details.length - 1] = merged;
    }
  }
  return details;
}
