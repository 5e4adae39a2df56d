// The looks of the conversation. The functions take and return elements, and make no requests.

import { copy, element, icon, inFrames } from "../element.js";
import { duration, perSecond, shownCost, tokens } from "../format.js";
import { errorCard } from "./error-card.js";
import { FormView } from "./form.js";
import { MarkdownView } from "./markdown.js";

const NEAR_END = 64; // px: a reader this near to the end follows the text

/** The scroll position of the conversation: it follows the text until the reader scrolls up. */
export class Log {
  #root;
  #following = false;

  constructor(root) {
    this.#root = root;
    root.addEventListener("scroll", () => (this.#following = this.#atEnd && root.querySelector("article") !== null));
    // An on-screen keyboard or the meter may take height from this element.
    new ResizeObserver(() => this.#following && this.end()).observe(root);
  }

  get #atEnd() {
    return this.#root.scrollHeight - this.#root.scrollTop - this.#root.clientHeight < NEAR_END;
  }

  change(act) {
    const atEnd = this.#atEnd;
    act();
    if (atEnd) this.end();
  }

  add(node) {
    this.#root.append(node);
    this.end();
  }

  end() {
    this.#following = true;
    this.#root.scrollTop = this.#root.scrollHeight;
  }
}

/** A question that can be edited: `onEdit` gets the new text. */
export function questionView(text, onEdit) {
  const paragraph = element("p", { textContent: text });
  const edit = element("button", { type: "button", class: "icon", "aria-label": "Edit this message", onclick: () => open() }, icon("edit"));
  const article = element("article", { class: "question" }, element("h2", { class: "visually-hidden", textContent: "You" }), paragraph, element("div", { class: "actions" }, edit));

  function open() {
    const field = element("textarea", { value: text, rows: 1, "aria-label": "Your message" });
    const form = element("form", { class: "edit" }, field, element("div", { class: "bar" }, element("button", { type: "button", textContent: "Cancel", onclick: () => close() }), element("button", { type: "submit", class: "primary", textContent: "Ask again" })));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (field.value.trim()) onEdit(field.value.trim());
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
      if (event.key === "Escape") close();
    });
    article.classList.add("editing");
    article.append(form);
    field.focus();

    function close() {
      form.remove();
      article.classList.remove("editing");
      edit.focus();
    }
  }
  return article;
}

/** An answer that grows, with one step for each of its calls, each with its settlement. */
export class AnswerView {
  #log;
  #step = null;
  #content = element("div", { class: "steps" });
  #actions = element("div", { class: "actions" });

  constructor(log, onRetry) {
    this.#log = log;
    const copyButton = element("button", { type: "button", class: "icon", "aria-label": "Copy answer", onclick: () => copy(copyButton, this.text) }, icon("copy"));
    const retry = element("button", { type: "button", class: "icon", "aria-label": "Answer again", onclick: onRetry }, icon("retry"));
    this.onRetry = onRetry;
    this.#actions.append(copyButton, retry);
    this.node = element("article", { class: "answer", "aria-busy": "true" }, element("h2", { class: "visually-hidden", textContent: "Answer" }), this.#content, this.#actions);
  }

  get text() {
    return [...this.#content.querySelectorAll(".prose")].map((prose) => prose.dataset.source ?? "").join("\n\n");
  }

  begin() {
    this.#step?.close();
    this.#step = new Step();
    this.#step.draws = inFrames(() => this.#log.change(() => this.#step.draw()));
    this.#log.change(() => this.#content.append(this.#step.node));
  }

  /** Shows whether the call is still waiting for its turn. */
  waits(inLine) {
    this.#step.node.classList.toggle("in-line", inLine);
  }

  reason(text) {
    this.#step.reasoning += text;
    this.#step.draws();
  }

  write(text) {
    this.#step.text += text;
    this.#step.draws();
  }

  call(deltas) {
    this.#log.change(() => this.#step.callDeltas(deltas));
  }

  result(name, content) {
    this.#log.change(() => this.#step.result(name, content));
  }

  fill(values) {
    this.#log.change(() => this.#step.fill(values));
  }

  settle(settlement) {
    // A call whose arguments were refused has no settlement to show: nothing was sent, and nothing has to be paid.
    if (settlement.attempts > 0) this.#log.change(() => this.#step.node.append(settlementLine(settlement)));
  }

  /** Ends the answer; `error` is what ended it, or null. */
  end(error) {
    this.#log.change(() => {
      this.#step?.close();
      this.node.removeAttribute("aria-busy");
      if (!error) return;
      const settlement = this.#step?.node.querySelector(".settlement");
      const card = errorCard(error, this.onRetry);
      if (settlement) settlement.before(card);
      else this.#content.append(card);
      // The error card has a button of its own, and there may be nothing to copy.
      this.#actions.hidden = !this.text;
    });
  }
}

/** One call: reasoning, text, tool calls, settlement, in this order. */
class Step {
  text = "";
  reasoning = "";
  #thoughts = null;
  #startedAt = performance.now();
  #prose = element("div", { class: "prose" });
  #markdown = new MarkdownView(this.#prose);
  #calls = [];
  #form = null;
  node = element("div", { class: "step waiting" }, this.#prose);

  draw(growing = true) {
    if (this.text || this.reasoning || this.#calls.length) this.node.classList.remove("waiting", "in-line");
    if (this.reasoning) this.#drawReasoning(growing);
    if (this.text) {
      this.#prose.dataset.source = this.text;
      this.#markdown.draw(this.text, growing);
    }
  }

  close() {
    this.node.classList.remove("waiting", "in-line");
    this.draw(false);
  }

  #drawReasoning(growing) {
    if (!this.#thoughts) {
      this.#thoughts = { summary: element("summary"), text: document.createTextNode("") };
      this.node.prepend(element("details", { class: "fold reasoning" }, this.#thoughts.summary, element("p", {}, this.#thoughts.text)));
    }
    const { summary, text } = this.#thoughts;
    text.appendData(this.reasoning.slice(text.length));
    const thinking = growing && !this.text;
    if (thinking) summary.textContent = "Reasoning…";
    else if (!this.#thoughts.done) {
      this.#thoughts.done = true;
      summary.textContent = `Reasoned for ${duration(performance.now() - this.#startedAt)}`;
    }
  }

  fill(values) {
    this.node.classList.remove("waiting", "in-line");
    if (!this.#form) {
      this.#form = new FormView();
      this.node.append(this.#form.node);
    }
    this.#form.fill(values);
    // This text is copied.
    this.#prose.dataset.source = JSON.stringify(values, null, 2);
  }

  callDeltas(deltas) {
    this.node.classList.remove("waiting");
    for (const { index, function: part } of deltas) {
      const at = index ?? 0;
      const call = (this.#calls[at] ??= this.#addCall());
      if (part?.name) call.name.textContent = part.name;
      if (part?.arguments) call.arguments.textContent += part.arguments;
    }
  }

  #addCall() {
    const call = { name: element("code"), arguments: element("code"), output: element("dd", { textContent: "…" }), used: false };
    const list = element("dl", {}, element("div", {}, element("dt", { textContent: "Arguments" }), element("dd", {}, call.arguments)), element("div", {}, element("dt", { textContent: "Result" }), call.output));
    this.node.append(element("details", { class: "fold tool", open: true }, element("summary", {}, icon("tool"), "Called ", call.name), list));
    return call;
  }

  result(name, content) {
    const call = this.#calls.find((one) => one && !one.used && one.name.textContent === name);
    if (!call) return;
    call.used = true;
    call.output.replaceChildren(element("code", { textContent: content }));
  }
}

function settlementLine({ outcome, finishReason, usage, cost: price, firstTokenMs, durationMs, attempts, provider }) {
  const estimated = usage.source === "estimated" ? " estimated" : "";
  const spent = usage.prompt_tokens + usage.completion_tokens > 0;
  const rate = firstTokenMs === null ? "–" : perSecond(usage.completion_tokens, durationMs - firstTokenMs);
  const facts = [
    spent ? ["Tokens", `${usage.prompt_tokens} + ${tokens(usage.completion_tokens)}${estimated}`] : ["Tokens", "no tokens"],
    spent && ["Cost", shownCost(price)],
    firstTokenMs !== null && ["First token", `${duration(firstTokenMs)} to first token`],
    rate !== "–" && ["Rate", `${rate} tokens/s`],
    ["Total", `${duration(durationMs)} in all`],
    provider && ["Provider", provider],
    attempts > 1 && ["Tries", `${attempts} tries`],
    outcome !== "ok" && ["Ended", outcome === "aborted" ? "stopped" : outcome],
    finishReason === "length" && ["Ended", "max_tokens reached"],
  ].filter(Boolean);
  return element("dl", { class: "settlement" }, ...facts.map(([name, value]) => element("div", {}, element("dt", { class: "visually-hidden", textContent: name }), element("dd", typeof value === "string" ? { textContent: value } : value))));
}
