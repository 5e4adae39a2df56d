// chat.completions.runTools(): asks the model, makes the calls that it wants, and asks again with their results, until it answers in words.

import { checkBody, conversation, number, refuse } from "../argument.js";
import { contentOf } from "../reasoning.js";
import { Series, apart } from "../series.js";
import { Listeners } from "./listeners.js";
import { calledBy, inAnswer, toolsOf, unknownTool, withIds, written } from "./tool.js";

const COUNT = { least: 1, whole: true };
const OWN = ["maxSteps", "maxChatCompletions", "toolChoice", "parallel", "onToolError"];
const GIVEN_UP = "Error: the call was given up before it had a result.";

export class ToolRun {
  #readers = new Set();
  #series;
  #plan;
  #failure;
  #over = false;
  #done;
  #listeners = new Listeners();

  /** `scope`: the signals of all calls of the client; `single`: one streamed answer, whose tool calls the caller handles. */
  constructor(create, empty, traced, body, request, scope, single = false) {
    this.messages = [];
    this.steps = [];
    try {
      this.#plan = planOf(body, request, single);
      this.messages.push(...this.#plan.messages);
      this.#series = new Series(create, this.#plan.request, [scope, request?.signal, body.signal]);
    } catch (error) {
      this.#failure = error;
    }
    // Begins later in this turn, so that a reader that is attached at once sees the run from its beginning.
    this.#done = Promise.resolve()
      .then(() => this.#run())
      .catch((error) => (this.#failure = traced(error)))
      .then(() => this.#end());
    const settled = this.#done.then(() => this.#series?.sum(empty) ?? empty());
    Object.defineProperty(this, "settled", { value: settled, enumerable: true });
  }

  get [Symbol.toStringTag]() {
    return "ToolRun";
  }

  [Symbol.asyncIterator]() {
    const reader = { events: [], wake: undefined };
    this.#readers.add(reader);
    return this.#read(reader);
  }

  text() {
    return textOf(this[Symbol.asyncIterator](), this.#plan);
  }

  async final() {
    await this.done();
    return this.steps.at(-1).completion;
  }

  // Methods with the names of the `openai` package.
  async done() {
    await this.#done;
    if (this.#failure !== undefined) throw this.#failure;
  }

  finalChatCompletion() {
    return this.final();
  }

  async finalMessage() {
    return (await this.final()).choices[0].message;
  }

  async finalContent() {
    return (await this.finalMessage()).content ?? null;
  }

  on(type, listener) {
    this.#listeners.on(type, listener);
    return this;
  }

  once(type, listener) {
    this.#listeners.once(type, listener);
    return this;
  }

  off(type, listener) {
    this.#listeners.off(type, listener);
    return this;
  }

  abort(reason) {
    this.#series?.abort(reason);
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    this.abort();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.abort();
  }

  async *#read(reader) {
    try {
      for (;;) {
        // After an abort, the unread events are dropped.
        for (const event of reader.events.splice(0)) {
          if (this.#series?.aborted) break;
          if (!this.#plan?.single) yield event;
          else if (event.type === "chunk") yield event.chunk;
        }
        if (this.#over && (reader.events.length === 0 || this.#series?.aborted)) break;
        if (reader.events.length === 0) await new Promise((resolve) => (reader.wake = resolve));
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      this.#readers.delete(reader);
      // An answer that nobody reads needn't be paid for.
      this.abort();
    }
  }

  #tell(type, event) {
    for (const reader of this.#readers) {
      reader.events.push({ type, ...event });
      reader.wake?.();
    }
  }

  #end() {
    this.#over = true;
    this.#series?.close();
    for (const { wake } of this.#readers) wake?.();
    const say = (...event) => this.#listeners.emit(...event);
    if (this.#failure !== undefined) say(this.#series?.aborted ? "abort" : "error", this.#failure);
    else {
      const { completion } = this.steps.at(-1);
      const { message } = completion.choices[0];
      say("finalContent", message.content ?? null);
      say("finalMessage", message);
      say("finalChatCompletion", completion);
    }
    say("end");
  }

  async #run() {
    if (this.#failure !== undefined) throw this.#failure;
    for (let step = 0; step < this.#plan.maxSteps; step++) {
      const completion = await this.#ask(step);
      const [choice] = completion.choices;
      const message = withIds(choice.message ?? choice.delta);
      if (message !== choice.message) choice.message = message;
      this.messages.push(message);
      this.#listeners.emit("chatCompletion", completion);
      this.#listeners.emit("message", message);
      this.#tell("message", { message, step });
      const calls = this.#plan.single ? [] : (message.tool_calls ?? []);
      const toolResults = calls.length > 0 ? await this.#makeCalls(calls, step) : [];
      this.steps.push({ completion, toolResults });
      this.#tell("step", { step, completion, toolResults });
      if (calls.length === 0) return;
    }
  }

  async #ask(step) {
    const { body, definitions, toolChoice } = this.#plan;
    const choice = step === 0 || typeof toolChoice !== "object" && toolChoice !== "required" ? toolChoice : "auto";
    const asked = { ...body, messages: [...this.messages], ...(definitions && { tools: definitions }), ...(choice !== undefined && { tool_choice: choice }) };
    const { data } = await this.#series.ask(asked);
    if (!body.stream) return data;
    let snapshot = "";
    for await (const chunk of data) {
      this.#tell("chunk", { chunk, step });
      this.#listeners.emit("chunk", chunk);
      const delta = contentOf(chunk.choices?.[0]?.delta ?? {});
      if (delta === "") continue;
      snapshot += delta;
      this.#listeners.emit("content", delta, snapshot);
      this.#listeners.emit("content.delta", { delta, snapshot });
    }
    if (snapshot !== "") this.#listeners.emit("content.done", { content: snapshot });
    return data.final();
  }

  // Makes the calls of a turn, several at the same time. Each one gets exactly one result in the conversation, however the turn ends.
  async #makeCalls(calls, step) {
    const results = [];
    let next = 0;
    let over = false;
    const work = async () => {
      while (!over && next < calls.length) {
        const at = next++;
        const result = await this.#makeCall(calledBy(calls[at]), step, () => over);
        if (over) return;
        results[at] = result;
        this.#tell("tool-result", { ...result, step });
        if (result.error !== undefined && this.#plan.throws) throw result.error;
      }
    };
    const workers = Array.from({ length: Math.min(this.#plan.parallel, calls.length) }, work);
    try {
      await this.#series.race(Promise.all(workers));
    } catch (error) {
      this.#series.close(error);
      throw error;
    } finally {
      over = true;
      for (const [at, { id }] of calls.entries()) {
        const answer = { role: "tool", tool_call_id: id, content: results[at]?.content ?? GIVEN_UP };
        this.messages.push(answer);
        this.#listeners.emit("message", answer);
        if (results[at] !== undefined) this.#listeners.emit("functionToolCallResult", answer.content);
      }
    }
    return results;
  }

  async #makeCall({ id, name, text }, step, isOver) {
    const called = { id, name };
    this.#listeners.emit("functionToolCall", { name, arguments: text });
    try {
      const tool = this.#plan.tools.get(name);
      if (tool === undefined) throw unknownTool(name, this.#plan.tools);
      const args = await tool.read(text);
      if (isOver()) return undefined;
      called.args = args;
      this.#tell("tool-call", { ...called, arguments: text, step });
      const result = await tool.execute(args, { signal: this.#series.signal, id, messages: [...this.messages] });
      return { ...called, result, content: written(result) };
    } catch (error) {
      if (!("args" in called) && !isOver()) this.#tell("tool-call", { ...called, arguments: text, step });
      return { ...called, error: error ?? new Error(String(error)), content: inAnswer(error) };
    }
  }
}

// Checks the arguments of a run.
function planOf(body, request, single) {
  checkBody(body);
  const [inBody, { tools, messages, tool_choice, signal, ...rest }] = apart(body, OWN);
  const [inRequest, others] = apart(request, OWN);
  const { maxChatCompletions = 10, maxSteps = maxChatCompletions, parallel = 4, onToolError = "answer", toolChoice = tool_choice ?? undefined } = { ...inRequest, ...inBody };
  conversation(messages);
  if (onToolError !== "answer" && onToolError !== "throw") throw refuse("onToolError", 'must be "answer" or "throw"');
  if (single) return { single, body: { ...rest, stream: true, ...(tools && { tools }) }, request: others, messages, toolChoice, maxSteps: 1 };
  const known = toolsOf(tools);
  return {
    body: rest, request: others, messages, toolChoice,
    tools: known,
    definitions: [...known.values()].map(({ definition }) => definition),
    maxSteps: number("maxSteps", maxSteps, COUNT),
    parallel: number("parallel", parallel, COUNT),
    throws: onToolError === "throw",
  };
}

async function* textOf(events, plan) {
  for await (const event of events) {
    const { type, chunk, message } = plan?.single ? { type: "chunk", chunk: event } : event;
    const said = type === "chunk" ? chunk.choices?.[0]?.delta : type === "message" && !plan?.body.stream ? message : undefined;
    const text = said ? contentOf(said) : "";
    if (text !== "") yield text;
  }
}
