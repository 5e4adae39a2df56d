// One line of JSON for each request, for whatever collects a Worker's console.

const LONGEST = 200; // characters of what a caller chose

const shorten = (value) => (typeof value === "string" && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);

/** A text without any of the secrets. What is shorter than 8 characters is in every other word, and none. */
export function withoutSecrets(text, secrets) {
  return secrets.filter((secret) => secret.length >= 8).reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text);
}

export class LogLine {
  #fields;
  #startedAt = Date.now();
  #secrets;
  #written = false;

  constructor(method, path, requestId, secrets) {
    this.#secrets = secrets;
    this.#fields = { event: "request", time: new Date(this.#startedAt).toISOString(), requestId, method, path: shorten(path) };
  }

  add(fields) {
    Object.assign(this.#fields, fields);
  }

  /** What became of a call, in the words of its settlement. */
  settled({ outcome, kind, model, provider, key, usage, cost, attempts, requestId, firstTokenMs, durationMs, finishReason }) {
    const { prompt_tokens: promptTokens, completion_tokens: completionTokens, source } = usage;
    this.add({
      kind, model: shorten(model), provider, key, outcome, finishReason, promptTokens, completionTokens, usageSource: source,
      usd: cost.usd, priceSource: cost.source, attempts, upstreamRequestId: requestId, firstTokenMs, durationMs,
    });
  }

  write() {
    if (this.#written) return;
    this.#written = true;
    this.#fields.durationMs ??= Date.now() - this.#startedAt;
    console.log(JSON.stringify(this.#fields, (_, value) => (typeof value === "string" ? withoutSecrets(value, this.#secrets) : value)));
  }
}

/** A line that belongs to no request. */
export function logNotice(notice, message) {
  console.log(JSON.stringify({ event: "notice", time: new Date().toISOString(), notice, message }));
}
