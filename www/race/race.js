// The race: which contenders decode the recorded stream, how many times, and how long it took.

import { byId, element } from "../element.js";
import { count } from "../format.js";

const DELIVERIES = { 0: "One event in each network chunk", 16_384: "Network chunks of 16 KB" };
const NAMES = { hfetch: "hfetch", text: "hfetch, text()", parser: "eventsource-parser + JSON.parse", openai: "openai" };

export function startRace() {
  const form = byId("start-race");
  const result = byId("race-result");
  const button = form.querySelector("button");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const status = element("p", { class: "note", textContent: "Loading the other libraries and the recording…" });
    result.replaceChildren(status);
    try {
      const { race } = await import("./contenders.js");
      const bytes = new Uint8Array(await (await fetch("recording.sse")).arrayBuffer());
      const rounds = form.elements.rounds.valueAsNumber;
      const tables = [];
      for (const [size, name] of Object.entries(DELIVERIES)) {
        const tell = (round) => (status.textContent = `${name}: round ${round} of ${rounds}…`);
        tables.push(view(name, await race({ bytes, size: Number(size), rounds, tell })));
      }
      result.replaceChildren(...tables, element("p", { class: "note", textContent: `${count(bytes.length / 1024)} KB, from a ReadableStream of bytes to the end of the loop. Every one gave the same text. Browsers round their clocks, and differ: run it again, or in another.` }));
    } catch (error) {
      result.replaceChildren(element("div", { class: "card", role: "alert" }, element("h3", { textContent: error.name }), element("p", { textContent: error.message })));
    }
    button.disabled = false;
    if (document.activeElement === document.body) button.focus();
  });
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** `times`: for each contender the ms of each round. */
function view(name, { times: measured, events }) {
  const perEvent = Object.entries(measured).map(([id, rounds]) => ({ id, rounds: rounds.map((ms) => (ms * 1e6) / events), middle: (median(rounds) * 1e6) / events }));
  const best = perEvent.find(({ id }) => id === "hfetch").middle;
  const most = Math.max(...perEvent.flatMap(({ rounds, middle }) => [middle, [...rounds].sort((a, b) => a - b)[Math.floor(rounds.length * 0.9)]]));
  const rows = perEvent.map(({ id, rounds, middle }) => {
    const bar = element("div", { class: "track" }, element("div", { class: "fill" }), ...rounds.filter((value) => value <= most).map((value) => place(element("i"), value / most)));
    bar.firstChild.style.setProperty("inline-size", `${(middle / most) * 100}%`);
    return element("tr", { data: { id } }, element("th", { scope: "row", textContent: NAMES[id] }), element("td", { class: "number", textContent: `${(middle / 1000).toFixed(1)} µs` }), element("td", { class: "number ratio", textContent: inShort(middle / best) }), element("td", { class: "bar-cell", "aria-hidden": "true" }, bar));
  });
  const heads = [element("th", { scope: "col", textContent: "Library" }), element("th", { scope: "col", class: "number", textContent: "Per event" }), element("th", { scope: "col", class: "number", textContent: "× hfetch" }), element("td")];
  const others = ["parser", "openai"].map((id) => `${times(perEvent.find((row) => row.id === id).middle / best)} with ${NAMES[id]}`);
  const told = `An event takes ${(best / 1000).toFixed(1)} µs with hfetch, ${others.join(" and ")}.`;
  return element("table", { class: "race" }, element("caption", {}, element("h3", { textContent: name }), element("p", { textContent: told })), element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

const inShort = (ratio) => ratio.toFixed(ratio < 0.1 ? 2 : ratio < 10 ? 1 : 0);
const times = (ratio) => `${inShort(ratio)} times that`;

function place(tick, share) {
  tick.style.setProperty("inset-inline-start", `${share * 100}%`);
  return tick;
}
