// Turns the chunks of a stream, or the events of a tool run, into the frames of one UI message. It does no I/O.

import { Answer, all } from "./answer.js";

// Frames that differ from the SDK's stream parts of the same name. Texts and reasoning are the same in both; other parts have no frame.
const FRAMES = {
  "tool-input-start": ({ type, id, toolName }) => ({ type, toolCallId: id, toolName }),
  "tool-input-delta": ({ type, id, delta }) => ({ type, toolCallId: id, inputTextDelta: delta }),
  "tool-call": inputOf,
  source: ({ url, title }) => ({ type: "source-url", sourceId: url, url, title }),
  file: ({ type, mediaType, data }) => ({ type, mediaType, url: `data:${mediaType};base64,${data.data}` }),
};

function inputOf({ toolCallId, toolName, input }) {
  try {
    return available(toolCallId, toolName, JSON.parse(input.trim() || "{}"));
  } catch {
    return { type: "tool-input-error", toolCallId, toolName, input, errorText: "The arguments of the call can't be used." };
  }
}

const available = (toolCallId, toolName, input) => ({ type: "tool-input-available", toolCallId, toolName, input });

/** The frames of a message, step by step. A step is one completion and the tools that it called. */
export class UIFrames {
  finishReason = "other";
  #sendReasoning;
  #errorText;
  #frames = []; // frames that have not been taken yet
  #answer; // of the current step; undefined between steps
  #calls; // the calls of a whole answer that have not been told yet
  #ids = new Map(); // the ids of calls: from the id in the message to the one in the frames

  /** `errorText` returns the text to show for an error that a tool threw. */
  constructor(sendReasoning = true, errorText) {
    this.#sendReasoning = sendReasoning;
    this.#errorText = errorText;
  }

  /** The frames for an item of a ChatStream (a chunk) or of a ToolRun (an event). */
  take(item) {
    if (!this.#answer) this.#begin();
    const { type } = item;
    if (type === "step") return this.end(item.completion);
    if (type === "message") this.#whole({ choices: [item] });
    else if (/^tool-/.test(type)) this.#called(item);
    else this.#answer.add(type === "chunk" ? item.chunk : item);
    return this.#frames.splice(0);
  }

  /** The frames for the end of a step, with its completion if that is whole. */
  end(completion) {
    if (!this.#answer) return [];
    if (completion?.choices) this.#whole(completion);
    else if (!this.#calls) this.#answer.end();
    this.#answer.reason = completion?.choices?.[0]?.finish_reason || this.#answer.reason;
    this.finishReason = this.#answer.finish().unified;
    this.#answer = undefined;
    return [...this.#frames.splice(0), { type: "finish-step" }];
  }

  #begin() {
    this.#answer = new Answer((part) => this.#tell(part));
    this.#calls = undefined;
    this.#frames.push({ type: "start-step" });
  }

  // Adds what a whole answer has that its chunks didn't tell, and its calls as they are in the conversation.
  #whole(completion) {
    if (this.#calls) return;
    this.#calls = all(completion.choices[0]?.message?.tool_calls);
    this.#answer.end(completion);
  }

  #tell(part) {
    const { type, toolCallId } = part;
    if (toolCallId) this.#ids.set(this.#calls.shift()?.id, toolCallId);
    const isText = type.startsWith("text-") || (this.#sendReasoning && type.startsWith("reasoning-"));
    const frame = isText ? part : FRAMES[type]?.(part);
    if (frame) this.#frames.push(frame);
  }

  // The frames of a call and its result. The call itself is told here if no message has told it.
  #called({ type, id, name, args, result, error }) {
    if (!this.#ids.has(id)) this.#frames.push(available(id, name, args ?? {}));
    const toolCallId = this.#ids.get(id) ?? id;
    this.#ids.set(id, toolCallId);
    if (type !== "tool-result") return;
    const isWell = (error ?? null) === null;
    this.#frames.push(isWell ? { type: "tool-output-available", toolCallId, output: result ?? null } : { type: "tool-output-error", toolCallId, errorText: this.#errorText(error) });
  }
}
