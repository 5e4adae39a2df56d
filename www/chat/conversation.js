// A conversation through hfetch, turn by turn, without DOM or globals.

import { estimateTokens, reasoningOf } from "hfetch";
import { FORM } from "./form.js";
import { TOOLS } from "./tools.js";

const MOST_STEPS = 4; // calls per question: an answer, or tools and then an answer

/** A question and everything that was said in answer to it, as messages for the API. */
class Turn {
  constructor(question) {
    this.question = question;
    this.said = [];
  }

  get messages() {
    return [{ role: "user", content: this.question }, ...this.said];
  }
}

export class Conversation {
  #session;
  #turns = [];
  #controller = null;

  constructor(session) {
    this.#session = session;
  }

  get busy() {
    return this.#controller !== null;
  }

  /** Aborts the current answer. */
  stop() {
    this.#controller?.abort();
  }

  /** Adds a question; `answer` asks it. */
  add(question) {
    const turn = new Turn(question);
    this.#turns.push(turn);
    return turn;
  }

  /** Removes this turn and all later ones. */
  cut(turn) {
    const index = this.#turns.indexOf(turn);
    if (index >= 0) this.#turns.length = index;
  }

  /**
   * Asks a turn's question together with everything that was said before, and tells `view` what arrives. Resolves to the error that ended the answer, or null if it is
   * complete or was stopped.
   */
  async answer(turn, parameters, view) {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    turn.said = [];
    try {
      if (parameters.tools && !parameters.form) await this.#run(turn, parameters, view, signal);
      else turn.said.push(await this.#call(turn, parameters, view, signal));
      return null;
    } catch (error) {
      // A partial answer stays in the conversation; a question without an answer is asked anew and isn't remembered.
      const partial = error.partial?.choices[0]?.message.content;
      if (partial) turn.said.push({ role: "assistant", content: partial });
      else if (!turn.said.length) this.cut(turn);
      return error.name === "APIUserAbortError" ? null : error;
    } finally {
      this.#controller = null;
      this.#session.live(null);
    }
  }

  /** The body of a call that asks a turn's question together with everything that was said before. */
  #request(turn, { system, tools, form, ...body }) {
    const messages = [...(system ? [{ role: "system", content: system }] : []), ...this.#before(turn), ...turn.messages];
    return { model: this.#session.model, messages, ...body, stream: true };
  }

  /** The model's calls and those of its tools, until it answers in words. Returns all messages. */
  async #run(turn, parameters, view, signal) {
    const request = this.#request(turn, parameters);
    const run = this.#session.client.chat.completions.runTools({ ...request, tools: TOOLS, maxSteps: MOST_STEPS }, { signal, onSettled: (settlement) => view.settle(settlement) });
    let live = this.#begin(request, view);
    try {
      for await (const event of run) {
        if (event.type === "chunk") this.#show(event.chunk, live, view);
        else if (event.type === "tool-result") view.result(event.name, event.content);
        else if (event.type === "step" && event.toolResults.length > 0) live = this.#begin({ ...request, messages: run.messages }, view);
      }
    } finally {
      await run.settled;
      turn.said = run.messages.slice(request.messages.length);
    }
  }

  #begin(request, view) {
    const live = new LiveAnswer(request);
    this.#session.live(live);
    view.begin();
    return live;
  }

  #show({ choices }, live, view) {
    const delta = choices?.[0]?.delta ?? {};
    const reasoning = reasoningOf(delta) ?? "";
    const text = typeof delta.content === "string" ? delta.content : "";
    if (reasoning) view.reason(reasoning);
    if (text) view.write(text);
    if (delta.tool_calls) view.call(delta.tool_calls);
    if (reasoning || text) live.add(reasoning + text);
    this.#session.live(live);
  }

  /** One call, to its end; returns its message. */
  async #call(turn, parameters, view, signal) {
    const { form } = parameters;
    const request = { ...this.#request(turn, parameters), ...(form && { response_format: FORM }) };
    const live = this.#begin(request, view);
    const { completions } = this.#session.client.chat;
    const pending = form ? completions.parse(request, { signal }) : completions.create(request, { signal });
    const settled = pending.settled.then((settlement) => view.settle(settlement));
    // A call may wait in line for a limit, or for a time that a server asked for.
    const watch = setInterval(() => view.waits(this.#session.client.snapshot().queued > 0), 250);
    try {
      const stream = await pending;
      clearInterval(watch);
      if (form) return await this.#filled(stream, live, view);
      for await (const chunk of stream) this.#show(chunk, live, view);
      // The model gets back exactly what it sent.
      return (await stream.final()).choices[0].message;
    } finally {
      clearInterval(watch);
      await settled;
    }
  }

  /** An answer that fills in a form; returns its message. */
  async #filled(stream, live, view) {
    let before = "";
    for await (const partial of stream.partial()) {
      view.fill(partial);
      const text = JSON.stringify(partial);
      live.add(text.slice(before.length));
      before = text;
      this.#session.live(live);
    }
    const { parsed, ...message } = (await stream.final()).choices[0].message;
    view.fill(parsed);
    return message;
  }

  #before(turn) {
    return this.#turns.slice(0, this.#turns.indexOf(turn)).flatMap(({ messages }) => messages);
  }
}

/** A running answer: until its settlement, everything known about it is an estimate. */
class LiveAnswer {
  startedAt = performance.now();
  firstAt = null;
  tokens = 0;

  constructor({ model, messages }) {
    this.model = model;
    this.promptTokens = estimateTokens(messages.map(({ role, content }) => ({ role, content: content ?? "" })));
  }

  add(text) {
    this.firstAt ??= performance.now();
    this.tokens += estimateTokens(text);
  }
}
