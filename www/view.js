// What the conversation looks like: elements in, elements out, no requests.

import { duration, tokens, usd } from "./format.js";

const log = document.querySelector("#log");

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function addQuestion(text) {
  document.querySelector("#welcome")?.remove();
  log.append(element("article", { className: "mine" }, element("h2", { className: "visually-hidden", textContent: "You" }), element("p", { textContent: text })));
  log.scrollTop = log.scrollHeight;
}

/** An answer that grows: `write` adds text, `settle` and `fail` end it. */
export function addAnswer() {
  const text = document.createTextNode("");
  const article = element("article", { className: "answer" }, element("h2", { className: "visually-hidden", textContent: "Answer" }), element("p", {}, text));
  article.setAttribute("aria-busy", "true");
  log.append(article);

  const append = (...children) => keepAtEnd(() => article.append(...children));
  return {
    write: (piece) => keepAtEnd(() => text.appendData(piece)),
    done: () => article.removeAttribute("aria-busy"),
    settle: (settlement) => append(settlementList(settlement)),
    fail: (error, retry) => append(errorCard(error, retry)),
  };
}

// Follows the text as long as the reader has not scrolled up.
function keepAtEnd(change) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
  change();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function settlementList({ outcome, usage, cost, firstTokenMs, durationMs, attempts }) {
  const estimated = usage.source === "estimated" ? " (estimated)" : "";
  const spent = usage.prompt_tokens + usage.completion_tokens > 0;
  const facts = [
    spent && ["Prompt", tokens(usage.prompt_tokens)],
    spent && ["Answer", tokens(usage.completion_tokens) + estimated],
    spent ? ["Cost", usd(cost)] : ["Tokens", "none"],
    firstTokenMs !== null && ["First token", duration(firstTokenMs)],
    ["Total", duration(durationMs)],
    attempts > 1 && ["Tries", attempts],
    outcome !== "ok" && ["Ended", outcome === "aborted" ? "stopped" : outcome],
  ].filter(Boolean);
  const rows = facts.map(([name, value]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value })));
  return element("dl", { className: "settlement" }, ...rows);
}

function errorCard(error, retry) {
  const facts = [error.code, error.requestId && `request ${error.requestId}`].filter(Boolean).join(" · ");
  const card = element("div", { className: "card" }, element("h2", { textContent: error.name ?? "Error" }), element("p", { textContent: error.message }));
  card.setAttribute("role", "alert");
  card.append(element("p", { textContent: whatToDo(error) }));
  if (facts) card.append(element("p", { className: "facts", textContent: facts }));
  card.append(element("button", { type: "button", textContent: "Try again", onclick: retry }));
  return card;
}

function whatToDo({ retryable, retryAfter }) {
  if (Number.isFinite(retryAfter) && retryAfter > 0) return `The same request may succeed in ${duration(retryAfter)}.`;
  return retryable ? "The same request may succeed if it is sent again." : "The same request will fail again: change it first.";
}
