// An error as a person needs it: what happened, what to do, and a retry button that waits as long as the server asked.

import { element } from "../element.js";
import { dollars, duration } from "../format.js";

/** Advice for errors whose message can't know this page. */
function advice(error) {
  const { name, status, isRetryable, retryAfter, reason } = error;
  if (name === "BudgetExceededError") return `The budget of ${dollars(error.budgetUsd)} would be overspent: raise it under Connection, or ask for fewer max_tokens.`;
  if (reason === "month") return "The month's requests are used up.";
  if (Number.isFinite(retryAfter) && retryAfter > 0) return `The same request may succeed in ${duration(retryAfter)}.`;
  if (name === "ConfigError" && /price/.test(error.message)) return "A budget needs a price: choose an offer that has one, or set the budget to 0 under Connection.";
  if (name === "AuthenticationError") return "Check the token under Connection.";
  if (name === "PaymentRequiredError") return "Credits are per account: another token of the same account won't help.";
  if (name === "APIError" && status === 200) return "Something between this page and the model answered in its place: look at the network.";
  if (name === "StreamTruncatedError") return "What had arrived is kept above. Answer again, or go on from there.";
  if (isRetryable || /^(StreamError|APIConnection)/.test(name)) return "The same request may succeed if it is sent again.";
  return status === 400 ? "Change the request, or choose another model." : "The same request will fail again: change it first.";
}

export function errorCard(error, onRetry) {
  const facts = [error.status && `status ${error.status}`, error.code, error.attempts > 1 && `${error.attempts} tries`, error.requestId && `request ${error.requestId}`];
  const button = element("button", { type: "button", textContent: "Try again", onclick: onRetry });
  const card = element(
    "div",
    { class: "card", role: "alert" },
    element("h3", { textContent: error.name ?? "Error" }),
    element("p", { textContent: error.message }),
    error.hint && element("p", { textContent: error.hint }),
    element("p", { textContent: advice(error) }),
    facts.some(Boolean) && element("p", { class: "note", textContent: facts.filter(Boolean).join(" · ") }),
    onRetry && button,
  );
  if (Number.isFinite(error.retryAfter) && error.retryAfter > 0) countDown(button, Date.now() + error.retryAfter);
  return card;
}

// A request that is sent earlier would only be refused again.
function countDown(button, until) {
  const tick = () => {
    const left = until - Date.now();
    button.disabled = left > 0;
    button.textContent = left > 0 ? `Try again in ${Math.ceil(left / 1000)} s` : "Try again";
    if (left > 0) setTimeout(tick, left % 1000 || 1000);
  };
  tick();
}
