// The public error classes, names as in the `openai` package. Rust builds every error through makeError.

export class HfetchError extends Error {
  constructor(message, fields = {}) {
    super(message, "cause" in fields ? { cause: fields.cause } : undefined);
  }
}

export class ConfigError extends HfetchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.path = fields.path ?? null;
  }
}

export class APIError extends HfetchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.status = fields.status;
    this.headers = fields.headers;
    this.requestId = fields.requestId ?? null;
    this.code = fields.code ?? null;
    this.type = fields.type ?? null;
    this.param = fields.param ?? null;
    this.error = fields.error;
    this.body = fields.body;
    this.retryable = fields.retryable ?? false;
    this.retryAfter = fields.retryAfter ?? null;
    this.attempts = fields.attempts ?? 0;
  }

  get requestID() {
    return this.requestId;
  }
}

export class BadRequestError extends APIError {}
export class AuthenticationError extends APIError {}
export class PaymentRequiredError extends APIError {}
export class PermissionDeniedError extends APIError {}
export class NotFoundError extends APIError {}
export class ConflictError extends APIError {}
export class UnprocessableEntityError extends APIError {}
export class RateLimitError extends APIError {}
export class InternalServerError extends APIError {}

export class ModelLoadingError extends APIError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.estimatedTime = fields.estimatedTime ?? null;
  }
}

export class APIConnectionError extends APIError {}

export class APIConnectionTimeoutError extends APIConnectionError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.phase = fields.reason;
    this.partial = fields.partial ?? null;
  }
}

export class APIUserAbortError extends APIError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.partial = fields.partial ?? null;
  }
}

export class StreamError extends APIError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.partial = fields.partial ?? null;
  }
}

export class StreamTruncatedError extends StreamError {}

export class LimitExceededError extends HfetchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.retryAfter = fields.retryAfter;
    this.reason = fields.reason;
  }
}

export class BudgetExceededError extends LimitExceededError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.spentUsd = fields.spentUsd;
    this.budgetUsd = fields.budgetUsd;
  }
}

const classes = {
  HfetchError,
  ConfigError,
  APIError,
  BadRequestError,
  AuthenticationError,
  PaymentRequiredError,
  PermissionDeniedError,
  NotFoundError,
  ConflictError,
  UnprocessableEntityError,
  RateLimitError,
  ModelLoadingError,
  InternalServerError,
  APIConnectionError,
  APIConnectionTimeoutError,
  APIUserAbortError,
  StreamError,
  StreamTruncatedError,
  LimitExceededError,
  BudgetExceededError,
};

// Minifiers rename classes; `name` must survive them.
for (const [name, errorClass] of Object.entries(classes)) {
  Object.defineProperty(errorClass.prototype, "name", { value: name, configurable: true, writable: true });
}

export function makeError(name, message, fields) {
  const ErrorClass = classes[name] ?? HfetchError;
  return new ErrorClass(message, fields);
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// fetch's own TypeError quotes what it refused.
export function cleanCause(thrown, secrets) {
  try {
    const links = [];
    for (let link = thrown; link != null && links.length < 8; link = link.cause) links.push(link);
    const texts = links.map((link) => (typeof link === "object" ? `${link.message}\n${link.stack}` : String(link)));
    if (!secrets.some((secret) => texts.some((text) => text.includes(secret)))) return thrown;
    const redact = (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), String(text));
    const copy = new Error(redact(thrown?.message ?? thrown));
    copy.name = String(thrown?.name ?? "Error");
    return copy;
  } catch {
    return new Error("what was thrown can't be read");
  }
}
