// Each error status, with each form of body.

export const STATUSES = [400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 424, 425, 429, 500, 501, 502, 503, 504, 520, 529];

const json = (value) => ({ sse: [JSON.stringify(value)], contentType: "application/json" });
const MESSAGE = "the server's own words";

/** Forms of a body, as steps. */
function forms(idle, key) {
  return {
    object: { step: json({ error: { message: MESSAGE, type: "t", param: "p", code: "c" } }) },
    string: { step: json({ error: MESSAGE }) },
    list: { step: json({ error: [MESSAGE, "and more"] }) },
    message: { step: json({ message: MESSAGE, code: 7 }) },
    detail: { step: json({ detail: [{ loc: ["body", "x"], msg: MESSAGE, type: "missing" }] }) },
    loading: { step: json({ error: "Model is currently loading", estimated_time: 0.001 }) },
    text: { step: { text: MESSAGE, contentType: "text/plain" } },
    page: { step: { text: "<html><h1>Bad Gateway</h1></html>", contentType: "text/html" } },
    empty: { step: { text: "", contentType: "" } },
    "bad JSON": { step: { text: '{"error":', contentType: "application/json" } },
    "the key": { step: json({ error: `what is ${key}?` }) },
    reset: { step: { ...json({ error: MESSAGE }), cutAfter: 5 } },
    stall: { step: { ...json({ error: MESSAGE }), stallAfter: 5 }, timeout: idle },
  };
}

const STALLED = [400, 401, 429, 503];

export function statusFaults(idle, key) {
  return STATUSES.flatMap((status) =>
    Object.entries(forms(idle, key)).map(([form, { step, timeout }]) => ({
      name: `${status} ${form}`,
      family: "status",
      status,
      form,
      timeout,
      step: () => ({ ...step, status }),
      calls: () => form !== "stall" || STALLED.includes(status) || "a stalled error body waits the same for every status",
    })),
  );
}
