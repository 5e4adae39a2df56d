// Wires the page: config.json → client → conversation.

import { HuggingFace } from "./hfetch/index.js";
import { Chat } from "./chat.js";
import { usd } from "./format.js";
import { addAnswer, addQuestion, element } from "./view.js";

const [composer, prompt, send, stop, model, source, spend] = ["composer", "prompt", "send", "stop", "model", "source", "spend"].map((id) => document.getElementById(id));

const config = await (await fetch("config.json")).json();
const baseURL = new URL(config.baseURL, location.href);
const policy = element("meta", { httpEquiv: "Content-Security-Policy", content: `connect-src 'self' ${baseURL.origin}` });
document.head.append(policy);

const client = new HuggingFace({
  baseURL: baseURL.href,
  // The stand-in takes any key; anywhere else the server behind this page holds it.
  ...(config.standIn && { apiKey: "stand-in" }),
  pricing: "live",
});
const chat = new Chat(client);

source.textContent = config.standIn ? "Stand-in endpoint: no model, made-up prices" : `Live: ${baseURL.host}`;
source.classList.toggle("stand-in", config.standIn);
model.value = config.model;

async function ask(text) {
  addQuestion(text);
  const answer = addAnswer();
  busy(true);
  const { settlement, error } = await chat.ask(text, model.value.trim(), answer.write);
  answer.done();
  showSpend();
  if (error) answer.fail(error, () => ask(text));
  // Nothing was sent, nothing is owed: arguments that were refused have no settlement to show.
  if (settlement.attempts > 0) answer.settle(settlement);
  busy(false);
}

function busy(now) {
  send.hidden = now;
  stop.hidden = !now;
  composer.setAttribute("aria-busy", now);
  // The button that had the focus is gone: back to where the next message is written.
  if (!now || document.activeElement === document.body) prompt.focus();
}

function showSpend() {
  const { usd: sum, unpriced, promptTokens, completionTokens } = client.snapshot().spend;
  const money = usd({ usd: sum, source: "live-max" }) + (unpriced ? `, ${unpriced} unpriced` : "");
  spend.textContent = `Session: ${(promptTokens + completionTokens).toLocaleString("en")} tokens, ${money}`;
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = prompt.value.trim();
  if (!text || !stop.hidden) return;
  prompt.value = "";
  ask(text);
});
prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") chat.stop();
});
stop.addEventListener("click", () => chat.stop());
document.querySelector("#examples").addEventListener("click", ({ target }) => {
  if (target.matches("button")) ask(target.textContent);
});
document.documentElement.dataset.ready = "true";
prompt.focus();
