// The chunks of a stream, or the events of a run of tools, as the frames of one UI message. Pure: what came in, what goes out.

import { Answer } from "./stream.js";

/** The frames of a message, step by step: a step is one completion, and the tools that it called. */
export class UIFrames {
  finishReason = "other";
  #sendReasoning;
  #errorText;
  #answer = null; // of the step at hand; null between steps
  #begun = false; // whether a piece of it has come
  #over = false; // whether it is there to its end
  #ids = new Map(); // of calls: by the id in the message, the one in the frames
  #ready = new Set(); // calls whose input is there

  /** `errorText` gives the words for an error that a tool threw. */
  constructor({ sendReasoning = true, errorText }) {
    this.#sendReasoning = sendReasoning;
    this.#errorText = errorText;
  }

  /** An item of a ChatStream (a chunk) or of a ToolRun (an event). */
  take(item) {
    switch (item?.type) {
      case "message":
        return this.#whole({ choices: [{ message: item.message }] });
      case "tool-call":
        return [...this.#start(), ...this.#call(item)];
      case "tool-result":
        return [...this.#start(), ...this.#call(item), this.#result(item)];
      case "step":
        return this.#end(item.completion);
      default:
        return this.#piece(item?.type === "chunk" ? item.chunk : item);
    }
  }

  /** The source is over, with this completion: a step that no event has ended ends. */
  rest(completion) {
    return this.#answer === null ? [] : this.#end(completion);
  }

  /** The source has failed: a call that may lack its end is not made. */
  break() {
    if (this.#answer === null) return [];
    return [...(this.#over ? [] : this.#framesOf(this.#answer.break())), { type: "finish-step" }];
  }

  #start() {
    if (this.#answer !== null) return [];
    this.#answer = new Answer();
    this.#begun = this.#over = false;
    this.#ids.clear();
    return [{ type: "start-step" }];
  }

  #piece(chunk) {
    const frames = this.#start();
    this.#begun = true;
    return [...frames, ...this.#framesOf(this.#answer.add(chunk))];
  }

  // The answer as a whole: what of it has not been told yet, and its calls as they stand in the conversation.
  #whole(completion) {
    const frames = this.#start();
    if (this.#over) return frames;
    if (!this.#begun) frames.push(...this.#framesOf(this.#answer.add(completion)));
    this.#over = true;
    const parts = this.#answer.end(completion);
    const calls = parts.filter(({ type }) => type === "tool-call");
    (completion.choices[0]?.message?.tool_calls ?? []).forEach?.(({ id }, at) => calls[at] && this.#ids.set(id, calls[at].toolCallId));
    return [...frames, ...this.#framesOf(parts)];
  }

  #end(completion) {
    const frames = completion?.choices === undefined ? this.#start() : this.#whole(completion);
    const reason = completion?.choices?.[0]?.finish_reason;
    if (reason) this.#answer.reason = reason;
    this.finishReason = this.#answer.finish().unified;
    this.#answer = null;
    return [...frames, { type: "finish-step" }];
  }

  #framesOf(parts) {
    return parts.flatMap((part) => this.#frameOf(part) ?? []);
  }

  #frameOf(part) {
    const { type, id, delta } = part;
    switch (type) {
      case "text-start":
      case "text-delta":
      case "text-end":
        return part;
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end":
        return this.#sendReasoning ? part : undefined;
      case "tool-input-start":
        return { type, toolCallId: id, toolName: part.toolName };
      case "tool-input-delta":
        return { type, toolCallId: id, inputTextDelta: delta };
      case "tool-call":
        return this.#available(part);
      case "source":
        return { type: "source-url", sourceId: part.url, url: part.url, title: part.title };
      case "file":
        return { type, mediaType: part.mediaType, url: `data:${part.mediaType};base64,${part.data.data}` };
      default:
        return undefined;
    }
  }

  #available({ toolCallId, toolName, input: text }) {
    this.#ready.add(toolCallId);
    try {
      return { type: "tool-input-available", toolCallId, toolName, input: JSON.parse(text.trim() || "{}") };
    } catch {
      return { type: "tool-input-error", toolCallId, toolName, input: text, errorText: "The arguments of this call are no valid JSON." };
    }
  }

  // A call that no message has told of.
  #call({ id, name, args }) {
    const toolCallId = this.#ids.get(id) ?? id;
    if (this.#ready.has(toolCallId)) return [];
    this.#ready.add(toolCallId);
    return [{ type: "tool-input-available", toolCallId, toolName: name, input: args ?? {} }];
  }

  #result({ id, result, error }) {
    const toolCallId = this.#ids.get(id) ?? id;
    if (error !== undefined && error !== null) return { type: "tool-output-error", toolCallId, errorText: this.#errorText(error) };
    return { type: "tool-output-available", toolCallId, output: result ?? null };
  }
}
