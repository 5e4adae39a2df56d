// From chunks of chat completions and the events of a tool run to the frames of a UI message stream. Pure: what came in, what goes out.

import { contentOf, reasoningOf } from "./client.js";
import { InlineThought } from "./inline_thought.js";

const REASONS = {
  stop: "stop", eos_token: "stop", stop_sequence: "stop", length: "length", content_filter: "content-filter", tool_calls: "tool-calls", function_call: "tool-calls",
};
const REASONING_FIELDS = ["reasoning", "reasoning_content", "reasoning_text"];

const list = (value) => (Array.isArray(value) ? value : value ? [value] : []);
const written = (value) => (typeof value === "string" ? value : JSON.stringify(value ?? {}));

/** The frames of one message, step by step: a step is one completion and the tools that it called. */
export class UIFrames {
  finishReason = "other";
  #sendReasoning;
  #errorText;
  #parts = 0;
  #open = null; // the text or reasoning that goes on: { type, id }
  #thought = null;
  #calls = null; // of the step: { id, name, text, started, available, ended }; null between steps
  #said = false; // whether text or reasoning of the step has been sent
  #reason = null;

  /** `errorText` gives the words for an error that a tool threw. */
  constructor({ sendReasoning = true, errorText }) {
    this.#sendReasoning = sendReasoning;
    this.#errorText = errorText;
  }

  /** An item of a ChatStream (a chunk) or of a ToolRun (an event). */
  take(item) {
    switch (item?.type) {
      case "chunk":
        return this.#chunk(item.chunk);
      case "message":
        return this.message(item.message);
      case "tool-call":
        return [...this.#start(), ...this.#close(), ...this.#available(this.#callOf(item), item.args)];
      case "tool-result":
        return [...this.#start(), ...this.#close(), ...this.#result(item)];
      case "step":
        return this.endStep();
      default:
        return this.#chunk(item);
    }
  }

  /** The whole message of a step: what of it has not been sent yet, and its calls as they stand in the conversation. */
  message(message, finishReason) {
    const frames = this.#start();
    if (!this.#said) frames.push(...this.#delta({ ...message, tool_calls: undefined }));
    frames.push(...this.#close());
    const begun = [...this.#calls];
    list(message?.tool_calls).forEach((call, at) => {
      const known = begun.find(({ id }) => id === call.id) ?? begun[at] ?? this.#begin(call.id);
      Object.assign(known, { name: call.function?.name ?? known.name, text: written(call.function?.arguments ?? known.text) });
      frames.push(...this.#available(known));
    });
    this.#reason = finishReason ?? this.#reason;
    return frames;
  }

  /** The step is over. `whole`: and its answer has come to its end, so that what it asked of tools is all there. */
  endStep(whole = true) {
    if (this.#calls === null) return [];
    const frames = this.#close();
    if (whole) for (const call of this.#calls) frames.push(...this.#available(call));
    const reason = REASONS[this.#reason] ?? "other";
    // Some servers say "stop" of an answer that calls tools.
    this.finishReason = reason === "stop" && this.#calls.length > 0 ? "tool-calls" : reason;
    this.#calls = this.#reason = null;
    return [...frames, { type: "finish-step" }];
  }

  /** The source is over, with this completion: a step that has not been ended by an event ends. */
  rest(completion) {
    if (this.#calls === null) return [];
    const [choice] = list(completion?.choices);
    const frames = choice === undefined ? [] : this.message(choice.message, choice.finish_reason);
    return [...frames, ...this.endStep()];
  }

  #start() {
    if (this.#calls !== null) return [];
    this.#calls = [];
    this.#said = false;
    this.#thought = new InlineThought();
    return [{ type: "start-step" }];
  }

  #chunk(chunk) {
    const choice = list(chunk?.choices).find(({ index }) => (index ?? 0) === 0);
    if (choice === undefined) return [];
    const frames = [...this.#start(), ...this.#delta(choice.delta ?? {})];
    if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") this.#reason = choice.finish_reason;
    return frames;
  }

  #delta(delta) {
    const reasoning = reasoningOf(delta);
    const frames = reasoning === null ? [] : this.#say("reasoning", reasoning, REASONING_FIELDS.find((field) => delta[field]));
    const content = contentOf(delta);
    if (content !== "") this.#said = true;
    for (const { type, text } of this.#thought.push(content)) frames.push(...this.#say(type, text, "content"));
    if (typeof delta.refusal === "string") frames.push(...this.#say("text", delta.refusal));
    for (const call of list(delta.tool_calls)) frames.push(...this.#callDelta(call));
    return frames;
  }

  // `field`: under which name the reasoning came, by which it can go back in the history.
  #say(type, delta, field) {
    if (delta === "") return [];
    this.#said = true;
    if (type === "reasoning" && !this.#sendReasoning) return [];
    const frames = [];
    if (this.#open?.type !== type) {
      frames.push(...this.#end());
      this.#open = { type, id: `${type}-${this.#parts++}` };
      const metadata = type === "reasoning" && field !== undefined && { providerMetadata: { hfetch: { field } } };
      frames.push({ type: `${type}-start`, id: this.#open.id, ...metadata });
    }
    return [...frames, { type: `${type}-delta`, id: this.#open.id, delta }];
  }

  // Text and reasoning are over, what was held back included.
  #close() {
    const frames = this.#thought.end().flatMap(({ type, text }) => this.#say(type, text, "content"));
    return [...frames, ...this.#end()];
  }

  #end() {
    const open = this.#open;
    this.#open = null;
    return open === null ? [] : [{ type: `${open.type}-end`, id: open.id }];
  }

  #begin(id) {
    const call = { id: id || `call-${crypto.randomUUID()}`, name: "", text: "", started: false, available: false };
    this.#calls.push(call);
    return call;
  }

  #callDelta({ index, id, function: called = {} }) {
    const at = this.#calls.findLast((call) => (index === undefined || index === null ? !id || call.id === id : call.index === index));
    // Some servers give parallel calls one index, and tell them apart by id.
    const call = at !== undefined && (!id || at.id === id) ? at : Object.assign(this.#begin(id), { index });
    const frames = call.started ? [] : this.#close();
    if (!call.started && called.name) call.name = called.name;
    const delta = called.arguments ?? "";
    const piece = typeof delta === "string" ? delta : JSON.stringify(delta);
    const due = call.started ? piece : call.text + piece;
    call.text += piece;
    if (call.name === "") return frames;
    if (!call.started) frames.push({ type: "tool-input-start", toolCallId: call.id, toolName: call.name });
    call.started = true;
    return due === "" ? frames : [...frames, { type: "tool-input-delta", toolCallId: call.id, inputTextDelta: due }];
  }

  #callOf({ id, name }) {
    const call = this.#calls.find((known) => known.id === id) ?? this.#begin(id);
    if (name) call.name = name;
    return call;
  }

  #available(call, input) {
    if (call.available || call.name === "") return [];
    call.available = true;
    const about = { toolCallId: call.id, toolName: call.name };
    if (input !== undefined) return [{ type: "tool-input-available", ...about, input }];
    try {
      return [{ type: "tool-input-available", ...about, input: JSON.parse(call.text.trim() || "{}") }];
    } catch {
      return [{ type: "tool-input-error", ...about, input: call.text, errorText: "The arguments of this call are no valid JSON." }];
    }
  }

  #result(item) {
    const call = this.#callOf(item);
    const frames = this.#available(call, item.args);
    const about = { toolCallId: call.id };
    if (item.error !== undefined && item.error !== null) return [...frames, { type: "tool-output-error", ...about, errorText: this.#errorText(item.error) }];
    return [...frames, { type: "tool-output-available", ...about, output: item.result ?? null }];
  }
}
