// Turns an error behind the gateway into what callers may know: no key, no account, nothing internal.

import { APIError, BudgetExceededError, ConfigError, LimitExceededError } from "./client.js";
import { Refusal } from "./refusal.js";

const OF_THE_ACCOUNT = [401, 402, 403];
const LONGEST = 600; // characters of a server's message
// Providers name the account that they limit: "in organization org_01h…".
const ACCOUNT = /\b(?:org|organization|team|user|proj|project|acct|account)[_-](?=[a-z]*\d)[a-z\d]{6,}/gi;
// Clients of OpenAI's API repeat a request after 429 and 5xx unless this header tells them not to; the gateway would retry each of these again.
const FINAL = { "x-should-retry": "false" };

const LIMITED = {
  requests: "requests per minute",
  tokens: "tokens per minute",
  month: "requests per month",
  concurrent: "requests at once",
};

/** A text from the model's server without names of accounts. */
export const withoutAccounts = (text) => text.replace(ACCOUNT, "[redacted]");

/** The refusal for a call's error. */
export function refusalOf(error) {
  if (error instanceof Refusal) return error;
  const refusal = typed(error);
  refusal.detail = [error, error?.cause].filter(Boolean).map(({ name, message }) => `${name}: ${message}`).join(", because of ");
  if (typeof error?.requestId === "string") refusal.headers = { ...refusal.headers, "x-request-id": error.requestId };
  return refusal;
}

function typed(error) {
  if (error instanceof LimitExceededError) return refusalOfLimit(error);
  if (error instanceof APIError) {
    const refusal = failed(error);
    if (error.attempts > 1) refusal.headers = { ...refusal.headers, ...FINAL };
    return refusal;
  }
  if (error instanceof ConfigError) return misused(error);
  return new Refusal(500, "internal_error", "The gateway failed.");
}

// The caller is responsible for the body, and the operator for everything else.
function misused(error) {
  if (error.path === "pricing") return new Refusal(403, "model_not_priced", "This gateway has a budget and knows no price of that model.", { param: "model" });
  // The route is the operator's, so the caller isn't told the conditions and models in the message.
  if (/ no offer of /.test(error.message)) return new Refusal(404, "no_offer", "Nobody offers that model as this gateway asks for it.", { param: "model", headers: FINAL });
  const code = / may be at most /.test(error.message) ? "cap_exceeded" : "invalid_request";
  return new Refusal(400, code, error.message, { param: error.path });
}

/** The refusal of a limit: {scope, reason, retryAfter}. */
export function refusalOfLimit(error) {
  const { reason, retryAfter } = error;
  if (reason === "store") return new Refusal(503, "limits_unavailable", "The limits can't be checked at the moment.", { retryAfter: 1_000 });
  const own = /^(client|ticket):/.test(error.scope ?? "");
  const whose = own ? "Your" : "This gateway's";
  if (error instanceof BudgetExceededError) {
    return new Refusal(429, "insufficient_quota", `${whose} budget is used up.`, { type: "insufficient_quota", retryAfter, headers: FINAL });
  }
  if (retryAfter === Infinity) {
    const message = `This request alone is larger than ${own ? "your" : "this gateway's"} limit of tokens per minute: send less, or lower max_tokens.`;
    return new Refusal(400, "request_too_large", message);
  }
  return new Refusal(429, "rate_limit_exceeded", `${whose} limit of ${LIMITED[reason] ?? "requests"} is reached.`, { retryAfter });
}

function failed(error) {
  const { name, status, code, type, param, retryAfter } = error;
  if (name === "APIUserAbortError") return new Refusal(499, "client_closed_request", "The request was cancelled.");
  if (name === "APIConnectionTimeoutError") return new Refusal(504, "upstream_timeout", "The model took too long to answer.");
  if (name === "StreamTruncatedError") return new Refusal(502, "upstream_truncated", "The model's answer broke off.");
  if (name === "StreamError") {
    // An event with JSON that isn't a chunk may describe the problem in words that no client knows.
    const said = error.body !== null && typeof error.body === "object" ? withoutAccounts(error.message.slice(0, LONGEST)) : undefined;
    return said === undefined ? new Refusal(502, "upstream_invalid", "The model's server sent what can't be read.") : new Refusal(502, code ?? "upstream_error", said, { type: type ?? undefined, param });
  }
  if (name === "AuthenticationError" || OF_THE_ACCOUNT.includes(status)) {
    return new Refusal(502, "upstream_unavailable", "This gateway has no access to the model at the moment.", { headers: FINAL });
  }
  // A RateLimitError without a response is a pause that the server asked for earlier, and none of the operator's limits.
  if (name === "RateLimitError" && error.headers === undefined && error.error === undefined) {
    return new Refusal(429, "upstream_rate_limited", "The model's server has asked this gateway for a pause: send the request again when that is over.", { retryAfter });
  }
  if (status === undefined) return new Refusal(502, "upstream_unreachable", "The model's server could not be reached.");
  if (status < 400 || status > 599) return new Refusal(502, "upstream_invalid", "The model's server gave no valid answer.");
  const ownCode = name === "ModelLoadingError" ? "model_loading" : "upstream_error";
  return new Refusal(status, code ?? ownCode, saidBy(error), { type: type ?? undefined, param, retryAfter: retryAfter ?? undefined });
}

// The server's own words, if it sent any; what the client adds to them is meant for the operator.
function saidBy({ error, status }) {
  const detail = Array.isArray(error?.detail) ? error.detail.map((item) => item?.msg) : error?.detail;
  const said = [error, error?.message, detail].map(joined).find((text) => text !== "" && !text.startsWith("<"));
  return said === undefined ? `The model's server answered ${status}.` : withoutAccounts(said.slice(0, LONGEST));
}

function joined(value) {
  const texts = Array.isArray(value) ? value : [value];
  return texts.filter((text) => typeof text === "string").join("; ").trim();
}
