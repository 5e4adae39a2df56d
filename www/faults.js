// Faults that the stand-in endpoint commits on the next call, and a timeline of what the library does about them.

import { errorCard } from "./chat/error-card.js";
import { byId, element, still } from "./element.js";
import { cost, duration, tokens } from "./format.js";

const PACE = 25; // ms between frames, as in the endpoint's other answers
const QUESTION = "Say something that takes a while, so that there is time for something to go wrong on the way.";

const LLAMA = "meta-llama/Llama-3.1-8B-Instruct";

/** Each fault: its name, a description, the steps of the endpoint's script, options of the client, and the model if a certain one is needed. */
export const FAULTS = [
  { id: "429", name: "429 with Retry-After", about: "Too many requests; the server asks for one second.", steps: [{ status: 429, headers: { "retry-after": "1" } }, { delayMs: PACE }] },
  { id: "loading", name: "503, model loading", about: "The model needs 1.5 s to load.", steps: [{ loading: 1.5 }, { delayMs: PACE }] },
  { id: "long-wait", name: "429 for too long", about: "Retry-After is 3 s, more than the client may wait: the error comes at once, and says how long.", steps: [{ status: 429, headers: { "retry-after": "3" } }], options: { retry: { maxDelay: 1000 } } },
  { id: "error-frame", name: "Error in mid-stream", about: "Status 200, half an answer, then an error frame.", steps: [{ errorFrame: 1, delayMs: PACE }] },
  { id: "cut", name: "Connection lost", about: "The socket is reset in the middle of an event.", steps: [{ cutAfter: 2600, delayMs: PACE }] },
  { id: "silent", name: "Cut off without a word", about: "The body ends cleanly, but the answer is not complete. Others report success.", steps: [{ cutAfter: 2600, cut: "end", delayMs: PACE }] },
  { id: "stall", name: "Stall", about: "The stream stops and the socket stays open; the idle timeout is 1.5 s.", steps: [{ stallAfter: 2600, delayMs: PACE }], options: { timeout: { idle: 1500 } } },
  { id: "revoked", name: "A revoked key of two", about: "The first key is refused; the call goes on with the second.", steps: [], options: { apiKey: undefined, apiKeys: ["hf_revoked_key", "hf_working_key"] } },
  { id: "provider", name: "A provider fails", about: "The first provider is overloaded; the route's next one is asked at once, and answers.", steps: [{ status: 503 }, { delayMs: PACE }], model: `${LLAMA}:novita`, options: { route: { models: [`${LLAMA}:cerebras`] } } },
  { id: "html", name: "200 with an HTML page", about: "Something in between answers instead of the model.", steps: [{ contentType: "text/html", text: "<!doctype html><title>Sign in to the network</title><p>Welcome to the hotel." }] },
  { id: "bytes", name: "Byte by byte", about: "Each byte in a piece of its own, characters torn apart. No fault to a decoder that is right.", steps: [{ split: 1 }] },
];

export function startFaults(session) {
  const [list, result, none] = ["fault-list", "fault-result", "no-faults"].map(byId);
  let running = null;

  async function run(fault, button) {
    running?.abort();
    const controller = new AbortController();
    running = controller;
    for (const other of list.querySelectorAll("button")) other.removeAttribute("aria-pressed");
    button.setAttribute("aria-pressed", "true");
    const timeline = new Timeline(fault);
    result.replaceChildren(timeline.node);
    result.setAttribute("aria-busy", "true");
    // On a narrow screen the result is above the list, and may be out of sight.
    if (result.offsetTop < list.offsetTop) result.scrollIntoView({ behavior: still() ? "instant" : "smooth" });
    const id = `page-${crypto.randomUUID()}`;
    try {
      const scripted = await fetch(`${session.faults}/s/${id}/script`, { method: "POST", body: JSON.stringify(fault.steps), signal: controller.signal });
      if (!scripted.ok) throw new Error(`the stand-in endpoint took no script: ${scripted.status}`);
      const pending = call(session, fault, `${session.faults}/s/${id}/v1`, timeline, controller.signal);
      await tell(pending, timeline, controller.signal, () => run(fault, button));
    } catch (error) {
      if (!controller.signal.aborted) timeline.fail(error, () => run(fault, button));
    }
    if (running === controller) result.removeAttribute("aria-busy");
  }

  function show() {
    const there = session.faults !== null;
    none.hidden = there;
    list.parentElement.hidden = !there;
  }

  list.append(...FAULTS.map((fault) => {
    const button = element("button", { type: "button", data: { fault: fault.id }, onclick: () => run(fault, button) }, element("strong", { textContent: fault.name }), element("span", { textContent: fault.about }));
    return element("li", {}, button);
  }));
  session.addEventListener("changed", show);
  show();
}

function call(session, { model = session.model, options }, path, timeline, signal) {
  // Stands between the library and the network, and shows what is sent and what comes back.
  const traced = async (url, init) => {
    // Prices are read from an address without faults.
    if (init.method !== "POST") return fetch(`${session.baseURL}/models`, init);
    timeline.request(init);
    const response = await fetch(url, init);
    timeline.response(response);
    return response;
  };
  const client = session.clientWith({ baseURL: new URL(path, location.href).href, fetch: traced, pricing: "live", ...options });
  return client.chat.completions.create({ model, messages: [{ role: "user", content: QUESTION }], stream: true }, { signal });
}

/** Shows how a call ends, and then its settlement. */
async function tell(pending, timeline, signal, retry) {
  try {
    for await (const text of (await pending).text()) timeline.text(text);
    timeline.add("ok", "The answer is complete");
  } catch (error) {
    if (!signal.aborted) timeline.fail(error, retry);
  }
  timeline.settle(await pending.settled);
}

/** The events, in order, each with its time from the start. */
class Timeline {
  #startedAt = performance.now();
  #requests = 0;
  #answer = null;
  #list = element("ol", { class: "timeline" });
  #end = element("div");
  node = element("div", { class: "story" });

  constructor({ name }) {
    this.node.append(element("h3", { textContent: name }), this.#list, this.#end);
  }

  add(kind, ...content) {
    const row = element("li", { class: kind }, element("time", { textContent: duration(performance.now() - this.#startedAt) }), element("span", {}, ...content));
    this.#list.append(row);
    return row;
  }

  request({ headers, body }) {
    this.#requests += 1;
    const key = new Headers(headers).get("authorization")?.match(/revoked|working/)?.[0];
    const provider = JSON.parse(body).model.split(":")[1];
    this.add("out", `Request ${this.#requests} is sent${provider ? ` to ${provider}` : ""}${key ? ` with the ${key} key` : ""}`);
  }

  response({ status, headers }) {
    const wait = headers.get("retry-after");
    this.add(status < 400 ? "in" : "bad", `Status ${status}${wait ? `, Retry-After: ${wait}` : ""}${status === 503 ? ", loading" : ""}`);
  }

  text(piece) {
    if (!this.#answer) {
      this.#answer = element("q");
      this.add("in", "Text: ", this.#answer);
    }
    this.#answer.append(piece);
  }

  fail(error, retry) {
    const partial = error.partial?.choices[0]?.message.content;
    this.add("bad", element("code", { textContent: error.name }), partial ? `, with what had arrived: ${tokens(partial.split(/\s+/).length).replace("token", "word")}` : "");
    this.#end.append(errorCard(error, retry));
  }

  settle({ outcome, usage, cost: price, attempts }) {
    this.add("settled", `Settled as ${outcome}: ${attempts} ${attempts === 1 ? "request" : "requests"}, ${usage.prompt_tokens} + ${tokens(usage.completion_tokens)} ${usage.source}, ${cost(price)}`);
  }
}
