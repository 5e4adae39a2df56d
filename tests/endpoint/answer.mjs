// An answer before it is sent: status, headers, and its body in the pieces that a server would flush.

/** A JSON body. */
export function json(value, { status = 200, headers = {} } = {}) {
  return { status, headers: { "content-type": "application/json; charset=utf-8", ...headers }, frames: [JSON.stringify(value)], sized: true };
}

/** A body of text. */
export function text(value, { status = 200, headers = {}, contentType = "text/plain; charset=utf-8" } = {}) {
  return { status, headers: { "content-type": contentType, ...headers }, frames: [value], sized: true };
}

/** A stream of events: a string is a frame as it stands, anything else becomes the JSON of a data line. */
export function events(frames, { status = 200, headers = {} } = {}) {
  return {
    status,
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", ...headers },
    frames: frames.map((frame) => (typeof frame === "string" ? frame : dataFrame(frame))),
    sized: false,
  };
}

export const DONE = "data: [DONE]\n\n";

export function dataFrame(value) {
  return `data: ${JSON.stringify(value)}\n\n`;
}

const PAGE = `<!DOCTYPE html>\n<html><head><title>Error</title></head><body>${"<p>Something between you and the model said no.</p>\n".repeat(40)}</body></html>\n`;

const SAID = {
  400: { error: { message: "The requested model is not supported by any provider you have enabled.", type: "invalid_request_error", param: "model", code: "model_not_supported" } },
  401: { error: "Invalid username or password." },
  402: { error: "You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference Providers. Alternatively, subscribe to PRO to get 20x more included credits." },
  403: { error: "This authentication method does not have sufficient permissions to call Inference Providers on behalf of user someone" },
  404: { error: "Not Found: Model not found" },
  409: { error: { message: "Another request changed this first.", type: "conflict", param: null, code: null } },
  410: "https://api-inference.huggingface.co is no longer supported. Please use https://router.huggingface.co instead.",
  413: "Failed to buffer the request body: length limit exceeded",
  422: { error: "Input validation error: `temperature` must be strictly positive", error_type: "validation" },
  424: { error: "Request failed during generation: Server error: CUDA out of memory", error_type: "generation" },
  429: { error: "Model is overloaded", error_type: "overloaded" },
  500: { error: { message: "Internal server error", type: "server_error", param: null, code: null } },
  503: { error: "overloaded" },
};

const TOLD = {
  401: { "www-authenticate": 'Bearer realm="Authentication required", charset="UTF-8"', "x-error-message": "Invalid username or password." },
};

/** The body of a status: its recorded body, or the one given ("html": a proxy's page). */
export function refuse(status, body = SAID[status] ?? "html") {
  const headers = body === SAID[status] ? TOLD[status] ?? {} : {};
  if (body === "html") return text(PAGE, { status, contentType: "text/html; charset=utf-8" });
  return typeof body === "string" ? text(body, { status, headers }) : json(body, { status, headers });
}
