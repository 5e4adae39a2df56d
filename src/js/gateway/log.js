// One line of JSON for each request, for whatever collects a Worker's console.

const CHOSEN = ["path", "model"]; // by a caller
const LONGEST = 200; // characters of each of them

const shorten = (value) => (typeof value === "string" && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);

/** Secrets to look for, the longest first: one may begin with another. What is shorter than 8 characters is in every other word, and none. */
export function secretsOf(texts) {
  return texts.filter((text) => text?.length >= 8).sort((a, b) => b.length - a.length);
}

/** A text without any of the secrets. */
export function withoutSecrets(text, secrets) {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text);
}

// A console that throws, as tests and frameworks put in place, costs nobody an answer.
function print(line) {
  try {
    console.log(line);
  } catch {
    // There is nowhere else to say it.
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

  /** What became of a call, in the words of its settlement. */
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
    // A text is cut short when it is clean: of a secret that is cut nothing would be recognised.
    print(JSON.stringify(this.#fields, (name, value) => (CHOSEN.includes(name) ? shorten(clean(value)) : clean(value))));
  }
}

/** A line that belongs to no request. */
export function logNotice(notice, message) {
  print(JSON.stringify({ event: "notice", time: new Date().toISOString(), notice, message }));
}
