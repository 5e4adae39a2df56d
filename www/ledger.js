// The ledger: one row per settlement, and all of them as CSV.

import { byId, element } from "./element.js";
import { count, dollars, duration, inFull, shownCost } from "./format.js";

const SHOWN = 500; // rows; the export has all of them

/** The text of a settlement in each column of the CSV. */
const COLUMNS = {
  started_at: ({ startedAt }) => new Date(startedAt).toISOString(),
  kind: ({ kind }) => kind,
  model: ({ model }) => model,
  provider: ({ provider }) => provider,
  outcome: ({ outcome }) => outcome,
  finish_reason: ({ finishReason }) => finishReason,
  prompt_tokens: ({ usage }) => usage.prompt_tokens,
  completion_tokens: ({ usage }) => usage.completion_tokens,
  usage_source: ({ usage }) => usage.source,
  cost_usd: ({ cost: { usd } }) => usd,
  cost_source: ({ cost: { source } }) => source,
  first_token_ms: ({ firstTokenMs }) => firstTokenMs,
  duration_ms: ({ durationMs }) => durationMs,
  attempts: ({ attempts }) => attempts,
  tried: ({ tried }) => tried.map(triedName).join("; "),
  key: ({ key }) => key,
  request_id: ({ requestId }) => requestId,
};

/** A candidate that failed before another one answered: its provider, and its error. */
const triedName = ({ model, provider, status, error }) => `${provider ?? model.split("/").at(-1)} (${status ?? error})`;

/** A field by RFC 4180, in a form that no spreadsheet takes for a formula. */
function field(value) {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(settlements) {
  const rows = settlements.map((settlement) => Object.values(COLUMNS).map((read) => field(read(settlement))));
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

export function startLedger(session) {
  const [table, empty, button] = ["settlements", "no-settlements", "export"].map(byId);
  const [body] = table.tBodies;
  const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const totals = { calls: 0, prompt: 0, answer: 0, usd: 0, unpriced: 0 };
  const counts = byId("ledger-counts");
  const figures = [...counts.querySelectorAll("dd")];
  const waits = []; // ms until the first token, sorted

  function add(settlement) {
    table.hidden = counts.hidden = false;
    empty.hidden = true;
    button.disabled = false;
    body.prepend(row(settlement, clock));
    if (body.rows.length > SHOWN) body.lastChild.remove();
    totals.calls += 1;
    totals.prompt += settlement.usage.prompt_tokens;
    totals.answer += settlement.usage.completion_tokens;
    if (settlement.cost.usd === null) totals.unpriced += 1;
    else totals.usd += settlement.cost.usd;
    const price = dollars(totals.usd) + (totals.unpriced ? ` + ${totals.unpriced} unpriced` : "");
    if (settlement.firstTokenMs !== null) waits.splice(waits.findIndex((wait) => wait > settlement.firstTokenMs) >>> 0, 0, settlement.firstTokenMs);
    const shown = [count(totals.calls), count(totals.prompt + totals.answer), price, waits.length ? duration(median(waits)) : "–"];
    for (const [index, text] of shown.entries()) figures[index].textContent = text;
    figures[2].title = inFull(totals.usd);
    table.tFoot.replaceChildren(
      element("tr", { role: "row" }, element("th", { role: "rowheader", scope: "row", colSpan: 5, textContent: `${count(totals.calls)} ${totals.calls === 1 ? "call" : "calls"}` }), number(count(totals.prompt)), number(count(totals.answer)), cell(""), element("td", { role: "cell", class: "number", textContent: price, title: inFull(totals.usd) }), element("td", { role: "cell", colSpan: 4 })),
    );
  }

  button.addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([csv(session.settlements)], { type: "text/csv;charset=utf-8" }));
    element("a", { href: url, download: "hfetch-settlements.csv" }).click();
    // By then the browser has begun to read the file.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  });
  session.settlements.forEach(add);
  session.addEventListener("settled", ({ detail }) => add(detail));
}

const median = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;

const cell = (text) => element("td", { role: "cell", textContent: text ?? "–" });
const number = (text, name) => element("td", { role: "cell", class: "number", textContent: text, data: name && { name } });

/** On a narrow screen a row is a card, whose cells show their own names. */
function row({ startedAt, kind, model, provider, outcome, usage, cost: price, firstTokenMs, durationMs, attempts, tried, key }, clock) {
  return element(
    "tr",
    { role: "row", data: { outcome } },
    cell(clock.format(startedAt)),
    cell(kind),
    element("td", { role: "cell", class: "name", textContent: model.split("/").at(-1), title: model }),
    element("td", { role: "cell" }, provider ?? "–", tried.length > 0 && element("small", { class: "tried", textContent: `after ${tried.map(triedName).join(", ")}` })),
    element("td", { role: "cell", class: "outcome" }, element("span", { class: "dot", "aria-hidden": "true" }), attempts === 0 ? "not sent" : outcome),
    number(count(usage.prompt_tokens), "prompt"),
    number(count(usage.completion_tokens), "answer"),
    cell(usage.source),
    element("td", { role: "cell", class: "number cost", ...shownCost(price) }),
    number(firstTokenMs === null ? "–" : duration(firstTokenMs), "first token"),
    number(duration(durationMs), "total"),
    number(attempts, "tries"),
    element("td", { role: "cell", data: { name: "key" } }, key ? element("code", { textContent: key.replace(/^huggingface-/, "") }) : "–"),
  );
}
