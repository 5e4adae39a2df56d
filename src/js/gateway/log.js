// Writes one line of JSON per request, for whatever collects a Worker's console output.

const CHOSEN = ["path", "model"]; // by a caller, so they may be long
const LONGEST = 200; // characters of each of them

const shorten = (value) => (typeof value === "string" && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);

/** Secrets to search for, the longest first, since one may begin with another. Texts shorter than 8 characters are no secrets: they occur in ordinary words. */
export function secretsOf(texts) {
  return texts.filter((text) => text?.length >= 8).sort((a, b) => b.length - a.length);
}

/** A text without any of the secrets. */
export function withoutSecrets(text, secrets) {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text);
}

// A console that throws (tests and frameworks may replace it) must not cost anybody an answer.
function print(line) {
  try {
    console.log(line);
  } catch {
    // There is no other place to report this.
  }
}

export class LogLine {
  #fields;
  #startedAt = Date.now();
  #secrets;
  #written = false;

  constructor(method, path, requestId, secrets) {
    this.#secrets = secrets;
    this.#fields = { event: "request", time: new Date(this.#startedAt).toISOString(), requestId, method, path };
  }

  add(fields) {
    Object.assign(this.#fields, fields);
  }

  /** Adds a call's settlement to the line. */
  settled({ outcome, kind, model, provider, key, usage, cost, attempts, tried, requestId, firstTokenMs, durationMs, finishReason }) {
    const { prompt_tokens: promptTokens, completion_tokens: completionTokens, source, doubt } = usage;
    this.add({
      kind, model, provider, key, outcome, finishReason, promptTokens, completionTokens, usageSource: source, doubt,
      usd: cost.usd, priceSource: cost.source, attempts, tried: tried?.length > 0 ? tried : undefined, upstreamRequestId: requestId, firstTokenMs, durationMs,
    });
  }

  write() {
    if (this.#written) return;
    this.#written = true;
    this.#fields.durationMs ??= Date.now() - this.#startedAt;
    const clean = (value) => (typeof value === "string" ? withoutSecrets(value, this.#secrets) : value);
    // A text is cleaned before it is cut short, since half a secret would not be recognised.
    print(JSON.stringify(this.#fields, (name, value) => (CHOSEN.includes(name) ? shorten(clean(value)) : clean(value))));
  }
}

/** Writes a line that belongs to no request. */
export function logNotice(notice, message) {
  print(JSON.stringify({ event: "notice", time: new Date().toISOString(), notice, message }));
}
