// chat.completions.parse(): an answer that is JSON and fits a schema, whatever form of request its server accepts.

import { checkBody, conversation, number, refuse } from "../argument.js";
import { makeError } from "../error.js";
import { contentOf } from "../reasoning.js";
import { noted } from "../request.js";
import { Series, apart } from "../series.js";
import { ChatStream } from "../stream.js";
import { jsonIn, partialsOf } from "./json_text.js";
import { askedBy, formsAfter, formsFor, remember } from "./ladder.js";
import { inWords, issue, schemaOf } from "./schema.js";
import { typeOf } from "./schema_type.js";

const OWN = ["mode", "repair"];
const MODES = ["schema", "json", "text"];
const EARLY = {
  length: "The answer reached its maximum of tokens (max_tokens, or the model's own) before it was whole.",
  content_filter: "The answer was cut off by the server's content filter.",
};

/**
 * Makes the call: { made, settled }, promises of the answer and of the summed settlement. `known.forms`: the form that each model's server has accepted;
 * `known.offers(model)`: its offers in the catalogue; `known.isGrammar`: whether the server is text-generation-inference.
 */
export function parse(create, known, empty, body, request) {
  let series;
  const made = (async () => {
    const parsing = new Parsing(known, body, request);
    const open = () => new Series(create, parsing.request, [request?.signal, body.signal]);
    series = open();
    return parsing.run(series, open);
  })();
  const over = made.then(
    ({ data }) => (data instanceof ChatStream ? data.settled.then(() => data.asked?.()).catch(() => {}) : undefined),
    () => {},
  );
  const settled = over.then(() => {
    series?.close();
    return series?.sum(empty) ?? empty();
  });
  return { made, settled };
}

class Parsing {
  #known;
  #body;
  #wanted;
  #forms;
  #repair;
  #model;
  #series;

  constructor(known, body, request) {
    checkBody(body);
    const [inBody, { signal, response_format: format, ...rest }] = apart(body, OWN);
    const [inRequest, others] = apart(request, OWN);
    const { mode, repair = 1 } = { ...inRequest, ...inBody };
    if (mode !== undefined && !MODES.includes(mode)) throw refuse("mode", `must be one of ${MODES.join(", ")}`);
    this.#repair = number("repair", repair, { whole: true });
    this.#known = known.forms;
    this.#body = rest;
    this.request = others;
    this.#wanted = format === undefined || format === null || format.type === "text" ? null : schemaOf(format, "response_format");
    this.#model = String(rest.model);
    this.#forms = this.#wanted && formsFor({ mode, ...this.#wanted, model: rest.model, hasTools: this.#hasTools, known: known.forms.get(this.#model), offers: known.offers(rest.model), isGrammar: known.isGrammar });
    if (this.#forms) conversation(rest.messages);
  }

  get #hasTools() {
    return this.#body.tools?.length > 0;
  }

  async run(series, open) {
    this.#series = series;
    const answer = await this.#ask(this.#body);
    if (answer.data instanceof ChatStream) this.#follow(answer.data, open);
    else answer.data = await this.#finish(answer.data, this.#repair);
    return answer;
  }

  // Gets one answer, in the first form that its server accepts.
  async #ask(body) {
    if (this.#forms === null) return this.#series.ask(body);
    for (;;) {
      const [form] = this.#forms;
      try {
        const answer = await this.#series.ask({ ...body, ...askedBy(form, this.#wanted, body.messages) });
        this.#remember(form);
        return answer;
      } catch (error) {
        const left = formsAfter(this.#forms, error, this.#hasTools);
        if (left.length === 0) throw error;
        this.#forms = left;
      }
    }
  }

  // Some servers refuse a form only when there are tools, so a form that was taken beside tools says nothing about other calls.
  #remember(form) {
    if (this.#hasTools) return;
    remember(this.#known, this.#model, form);
  }

  // Adds this function's own methods to a stream.
  #follow(stream, open) {
    let result;
    const finish = async (came) => {
      // A caller who asks after the settlement begins a new series.
      const late = this.#series.closed ? open() : undefined;
      this.#series = late ?? this.#series;
      try {
        return await this.#finish(await came, this.#repair);
      } finally {
        late?.close();
      }
    };
    const final = () => (result ??= ChatStream.prototype.final.call(stream).then(finish, (error) => finish(this.#instead(error))));
    const partial = () => this.#partials(stream.text(), final);
    Object.defineProperties(stream, { final: { value: final }, partial: { value: partial }, asked: { value: () => result } });
  }

  // Text-generation-inference may refuse a form after its stream has begun. The answer is then requested whole, in the next form.
  async #instead(error) {
    const left = this.#wanted === null || error?.partial?.choices?.length > 0 ? [] : formsAfter(this.#forms, error, this.#hasTools);
    if (left.length === 0) throw error;
    this.#forms = left;
    const { stream, stream_options, ...body } = this.#body;
    return (await this.#ask(body)).data;
  }

  async *#partials(texts, final) {
    try {
      yield* partialsOf(texts, typeOf(this.#wanted?.schema));
    } catch {
      // The stream's failure is thrown unless another form brings an answer.
      const { parsed } = (await final()).choices[0].message;
      yield parsed;
    }
  }

  // The completion with the parsed value of each message. If a value doesn't fit, the model is asked to repair it.
  async #finish(completion, repairs) {
    for (const { message, finish_reason: reason } of completion.choices) {
      if (message === null || typeof message !== "object") continue;
      const read = await this.#read(message, reason);
      // The text beside a tool call or a refusal needn't be JSON.
      const isOther = this.#wanted === null || message.refusal || message.tool_calls?.length > 0;
      if (read.issues === undefined || (isOther && !(reason in EARLY))) noted(message, "parsed", read.value ?? null);
      else if (repairs > 0 && completion.choices.length === 1 && !(reason in EARLY)) return this.#again(message, read.issues, repairs - 1);
      else throw makeError("StructuredOutputError", read.problem ?? `The answer is not what was asked for: ${inWords(read.issues)}`, { ...read, finishReason: reason });
    }
    return completion;
  }

  // Returns { value } or { issues, text, partial }.
  async #read(message, reason) {
    const text = contentOf(message);
    if (this.#wanted === null || (text === "" && (message.refusal || message.tool_calls?.length > 0))) return { value: null };
    const found = jsonIn(text, typeOf(this.#wanted.schema));
    if (reason in EARLY) return { problem: EARLY[reason], issues: [issue(EARLY[reason])], text, partial: found.value ?? found.partial };
    if (found.problem !== undefined) return { issues: [issue(found.problem)], text, partial: found.partial };
    const { value, issues } = await this.#series.race(this.#wanted.check(found.value));
    return issues === undefined ? { value } : { issues, text, partial: found.value };
  }

  async #again(message, issues, repairs) {
    const words = `That is not what was asked for:\n${inWords(issues)}\nAnswer again, with the corrected JSON alone.`;
    const messages = [...this.#body.messages, message, { role: "user", content: words }];
    const { stream, stream_options, ...body } = this.#body;
    const { data } = await this.#ask({ ...body, messages });
    return this.#finish(data, repairs);
  }
}
