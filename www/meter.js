// The meter: what the library itself says about the last call, the session, the limits and the keys.

import { cost as costOf } from "hfetch";
import { byId, element, inFrames } from "./element.js";
import { compact, cost, count, dollars, duration, inFull, perSecond, shownCost, tokens } from "./format.js";
import { Sparkline } from "./sparkline.js";

const SAMPLE = 100; // ms between two points of the curve
const WINDOW = 500; // ms over which a point of the curve averages
const STATES = { ready: "ready", limited: "at its limit", cooling: "cooling", disabled: "refused" };

export function startMeter(session) {
  const [rate, firstToken, answerCost, promptTokens, answerTokens, counted, spend, keys, traffic, line, aside, toggle] =
    ["rate", "first-token", "answer-cost", "prompt-tokens", "answer-tokens", "counted", "spend", "keys", "traffic", "meter-line", "meter", "meter-toggle"].map(byId);
  const curve = new Sparkline(byId("rate-plot"));
  let live = null;
  let pricing = null;
  let marks = []; // of the last WINDOW: times, each with the number of tokens until then

  function showRate(speed) {
    rate.value = speed;
    rate.classList.toggle("none", speed === "–");
  }

  const showLive = inFrames(() => {
    if (!live) return;
    const now = performance.now();
    const streamed = live.firstAt === null ? 0 : now - live.firstAt;
    const speed = streamed > SAMPLE ? perSecond(live.tokens, streamed) : "–";
    showRate(speed);
    firstToken.textContent = live.firstAt === null ? "…" : duration(live.firstAt - live.startedAt);
    promptTokens.textContent = `≈ ${count(live.promptTokens)}`;
    answerTokens.textContent = `≈ ${count(live.tokens)}`;
    answerCost.title = "";
    if (pricing) answerCost.textContent = `≈ ${dollars(costOf({ prompt_tokens: live.promptTokens, completion_tokens: live.tokens }, pricing).usd)}`;
    counted.textContent = live.firstAt === null ? "Waiting for the first token." : "Estimated while it streams.";
    line.textContent = live.firstAt === null ? "waiting for the first token" : `${speed} tokens/s · ≈ ${tokens(live.tokens)}`;
    if (live.firstAt !== null && now - (marks.at(-1)?.[0] ?? 0) >= SAMPLE) {
      // The last mark is always kept, since a busy page may have been away for longer than WINDOW.
      marks = [...marks.filter(([at], index) => now - at <= WINDOW || index === marks.length - 1), [now, live.tokens]];
      const [from, had] = marks[0];
      if (now > from) curve.add(((live.tokens - had) * 1000) / (now - from));
    }
  });

  function showSettled({ usage, cost: price, firstTokenMs, durationMs, outcome, kind }) {
    const sum = usage.prompt_tokens + usage.completion_tokens;
    const mark = usage.source === "estimated" && sum > 0 ? "≈ " : "";
    const speed = firstTokenMs === null ? "–" : perSecond(usage.completion_tokens, durationMs - firstTokenMs);
    showRate(speed);
    firstToken.textContent = firstTokenMs === null ? "–" : duration(firstTokenMs);
    promptTokens.textContent = mark + count(usage.prompt_tokens);
    answerTokens.textContent = mark + count(usage.completion_tokens);
    Object.assign(answerCost, shownCost(price));
    counted.textContent = sum === 0 ? `Nothing was counted: ${outcome}.` : `Tokens ${usage.source === "reported" ? "reported by the server" : "estimated, the server reported none"}; ${priceSource(price)}.`;
    line.textContent = [kind === "chat" && speed !== "–" && `${speed} tokens/s`, tokens(sum), cost(price)].filter(Boolean).join(" · ");
  }

  function showSession() {
    const { spend: sum, keys: pool, inFlight, queued } = session.client.snapshot();
    const { budget, requestsPerMinute, tokensPerMinute, requestsPerMonth } = session.limits;
    gauge("budget", sum.usd, budget, budget > 0 ? `${dollars(sum.usd)} of ${dollars(budget)}` : `${dollars(sum.usd)}, no budget`);
    byId("budget").querySelector(".value").title = inFull(sum.usd);
    const chat = sum.requests ? `${count(sum.requests)} ${sum.requests === 1 ? "request" : "requests"}, ${tokens(sum.promptTokens + sum.completionTokens)}${sum.unpriced ? `, ${sum.unpriced} without a price` : ""}.` : "Nothing spent yet.";
    spend.textContent = chat + others(session.settlements, sum);
    const total = (name) => pool.reduce((all, key) => all + key[name], 0);
    left("minute-requests", total("requestsLastMinute"), requestsPerMinute * Math.max(1, pool.length));
    left("minute-tokens", total("tokensLastMinute"), tokensPerMinute * Math.max(1, pool.length));
    left("month-requests", total("requestsThisMonth"), requestsPerMonth * Math.max(1, pool.length));
    keys.replaceChildren(...pool.map(keyRow));
    traffic.textContent = `${inFlight} in flight, ${queued} waiting`;
  }

  session.addEventListener("live", ({ detail }) => {
    if (detail && detail !== live) {
      curve.clear();
      marks = [];
      pricing = null;
      session.pricing(detail.model).then((found) => (pricing = found));
    }
    live = detail;
    showLive();
  });
  session.addEventListener("settled", ({ detail }) => {
    live = null;
    showSettled(detail);
    showSession();
  });
  session.addEventListener("changed", showSession);
  toggle.addEventListener("click", () => {
    const open = aside.toggleAttribute("data-open");
    toggle.setAttribute("aria-expanded", open);
  });
  // Windows move on by themselves.
  setInterval(() => document.hidden || showSession(), 1000);
  showSession();
}

/** The other panels have clients of their own, which the chat's budget doesn't know. */
function others(settlements, { usd }) {
  const all = settlements.reduce((total, { cost: { usd: price } }) => total + (price ?? 0), 0);
  return all > usd * 1.000001 ? ` With the other panels: ${dollars(all)}.` : "";
}

function priceSource({ usd, source }) {
  if (usd === null) return "no price is known";
  return { live: "the provider's live price", "live-max": "at most, by the dearest live price", configured: "the price that was set" }[source] ?? source;
}

function gauge(id, value, most, text) {
  const row = byId(id);
  row.querySelector(".value").textContent = text;
  fill(row, most ? Math.min(value, most) : 0, most || 1);
  row.dataset.level = most && value / most > 0.9 ? "high" : "ok";
}

function left(id, used, most) {
  const rest = Math.max(0, most - used);
  const row = byId(id);
  row.querySelector(".value").textContent = most ? `${rest < 10_000 ? count(rest) : compact(rest)} of ${most < 10_000 ? count(most) : compact(most)}` : "no limit";
  fill(row, most ? rest : 1, most || 1);
  row.dataset.level = most && rest / most < 0.1 ? "high" : "ok";
}

// A <meter> would show the same, but each engine draws its parts in its own way.
function fill(row, value, most) {
  const bar = row.querySelector("[role=meter]");
  const percent = (value / most) * 100;
  bar.setAttribute("aria-valuenow", Math.round(percent));
  bar.setAttribute("aria-valuetext", row.querySelector(".value").textContent);
  bar.firstChild.style.setProperty("inline-size", `${percent}%`);
}

function keyRow({ key, state, requests, readyAt }) {
  const wait = readyAt === null ? "" : `, ${duration(Math.max(0, readyAt - Date.now()))}`;
  return element(
    "li",
    { data: { state } },
    element("span", { class: "dot", "aria-hidden": "true" }),
    element("code", { textContent: key.replace(/^huggingface-/, "") }),
    element("span", { textContent: `${STATES[state]}${wait}` }),
    element("span", { class: "number", textContent: `${count(requests)} sent` }),
  );
}
