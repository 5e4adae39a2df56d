// The answer to a request that is refused, in the error format of OpenAI's API.

const TYPES = { 401: "authentication_error", 403: "permission_error", 429: "rate_limit_error" };

function typeOf(status) {
  return TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
}

/**
 * Is thrown wherever a request is refused. `retryAfter` is in ms; `detail` is written to the log only and never part of the answer.
 */
export class Refusal extends Error {
  constructor(status, code, message, { param = null, type = typeOf(status), retryAfter, headers = {}, detail } = {}) {
    super(message);
    Object.assign(this, { status, code, param, type, retryAfter, headers, detail });
  }

  /** The same refusal for another request, which has to wait `retryAfter` ms. */
  again(retryAfter) {
    const { status, code, message, param, type, headers, detail } = this;
    return new Refusal(status, code, message, { param, type, headers, detail, retryAfter });
  }

  /** { status, headers, body } */
  answer() {
    const { status, code, param, type, message, retryAfter } = this;
    const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store", ...this.headers });
    if (Number.isFinite(retryAfter)) headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfter / 1_000))));
    return { status, headers, body: JSON.stringify({ error: { message, type, code, param } }) };
  }
}
