// Many simultaneous calls against a small limit: shows while it happens what was sent, what waits, and what was refused.

import { byId, element } from "./element.js";
import { count, duration } from "./format.js";
import { livePlot } from "./plot.js";

const SAMPLE = 25; // ms
const MAX_WAIT = 3000; // ms in line, so that nobody has to watch for a minute
const SERIES = [["Sent", "--sent"], ["In flight", "--flight"], ["Waiting", "--waiting"], ["Refused", "--refused"]];

export function startLimits(session) {
  const form = byId("burst");
  const [plotRoot, verdict, counts] = ["burst-plot", "burst-verdict", "burst-counts"].map(byId);
  const figures = [...counts.querySelectorAll("dd")];
  const button = form.querySelector("button");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const { calls, requestsPerMinute, maxConcurrent, onLimit } = form.elements;
    const limits = { requestsPerMinute: requestsPerMinute.valueAsNumber, maxConcurrent: maxConcurrent.valueAsNumber, onLimit: onLimit.value, maxWait: MAX_WAIT };
    try {
      verdict.textContent = "Calls are under way…";
      verdict.replaceChildren(...(await fire(calls.valueAsNumber, limits)));
    } catch (error) {
      verdict.textContent = `${error.name}: ${error.message}`;
    }
    button.disabled = false;
    if (document.activeElement === document.body) button.focus();
  });

  async function fire(calls, limits) {
    const plot = await livePlot(plotRoot, SERIES, { value: limits.requestsPerMinute, label: `${count(limits.requestsPerMinute)} a minute` }, Math.max(calls, limits.requestsPerMinute));
    const burst = new Burst(session, limits, await session.pricing(session.model));
    const show = () => {
      const { sent, inFlight, queued, refused } = burst.state();
      for (const [index, figure] of [sent, inFlight, queued, refused].entries()) figure !== Number(figures[index].textContent) && (figures[index].textContent = figure);
      plot.add([burst.elapsed / 1000, sent, inFlight, queued, refused]);
    };
    const timer = setInterval(show, SAMPLE);
    try {
      const all = burst.fire(calls);
      show();
      setTimeout(show);
      await all;
    } finally {
      clearInterval(timer);
      show();
    }
    const { sent, refused, peak, reasons } = burst.state();
    plotRoot.setAttribute("aria-label", `${sent} calls sent, ${refused} refused, at most ${peak} in flight`);
    return summary({ calls, sent, refused, peak, reasons, limits, elapsed: burst.elapsed });
  }
}

/** The calls of one click, on a client of their own whose counts begin at zero. */
class Burst {
  #client;
  #model;
  #startedAt = performance.now();
  #sent = 0;
  #open = 0;
  #refused = 0;
  #peak = 0;
  #reasons = {};

  constructor(session, limits, pricing) {
    this.#model = session.model;
    // A call counts from the moment at which it leaves the page until it is settled.
    const send = (url, init) => {
      this.#sent += 1;
      this.#open += 1;
      this.#peak = Math.max(this.#peak, this.#open);
      return fetch(url, init);
    };
    const onSettled = (settlement) => {
      this.#open -= settlement.attempts;
      session.record(settlement);
    };
    this.#client = session.clientWith({ limits, retry: false, fetch: send, onSettled, ...(pricing && { pricing }) });
  }

  get elapsed() {
    return performance.now() - this.#startedAt;
  }

  state() {
    const { queued } = this.#client.snapshot();
    return { sent: this.#sent, inFlight: this.#open, queued, refused: this.#refused, peak: this.#peak, reasons: this.#reasons };
  }

  fire(calls) {
    return Promise.all(Array.from({ length: calls }, (_, index) => this.#call(index)));
  }

  async #call(index) {
    const body = { model: this.#model, messages: [{ role: "user", content: `Call number ${index + 1} says hello.` }], max_tokens: 16, stream: true };
    try {
      await (await this.#client.chat.completions.create(body)).final();
    } catch (error) {
      if (error.name !== "LimitExceededError") throw error;
      this.#refused += 1;
      this.#reasons[error.reason] = (this.#reasons[error.reason] ?? 0) + 1;
    }
  }
}

function summary({ calls, sent, refused, peak, reasons, limits, elapsed }) {
  const held = sent <= limits.requestsPerMinute && peak <= limits.maxConcurrent;
  const why = Object.entries(reasons).map(([reason, number]) => `${count(number)} by ${reason === "concurrent" ? "calls at once" : `${reason} a minute`}`);
  return [
    element("strong", { class: held ? "held" : "broken", textContent: held ? "The limit held" : "The limit did not hold" }),
    `: of ${count(calls)} calls ${count(sent)} were sent, at most ${count(peak)} at once, and ${count(refused)} refused${why.length ? ` (${why.join(", ")})` : ""}, in ${duration(elapsed)}.`,
  ];
}
