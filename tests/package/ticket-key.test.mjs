// ticketKey(): a page's key function, which fetches a ticket once, and again only if it must.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT, failure, hfetch, scripted } from "./setting/installed.mjs";

const { HfetchError, ticketKey } = hfetch;
const MINUTE = 60_000;

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const ticket = (id, expires) => `hft1.${base64url({ id, client: "visitor", expires })}.c2lnbmF0dXJl`;

/** A server that answers with these responses, one after the other, and counts how many times it was asked. */
function server(...answers) {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push({ url, init });
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer instanceof Response ? answer.clone() : new Response(answer);
  };
  return { asked, fetch };
}

test("a ticket is fetched once and used until shortly before it expires", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const first = ticket("a", 1_000_000 + 5 * MINUTE);
  const { asked, fetch } = server(first, ticket("b", 1_000_000 + 10 * MINUTE));
  const key = ticketKey("https://site.example/ticket", { fetch, credentials: "include" });
  assert.deepEqual(await Promise.all([key(), key(), key()]), [first, first, first]);
  t.mock.timers.setTime(1_000_000 + 4.4 * MINUTE);
  assert.equal(await key({ refused: null }), first);
  assert.equal(asked.length, 1);
  assert.equal(asked[0].url, "https://site.example/ticket");
  assert.equal(asked[0].init.credentials, "include");
  t.mock.timers.setTime(1_000_000 + 4.6 * MINUTE);
  assert.notEqual(await key(), first);
  assert.equal(asked.length, 2);
});

test("a short ticket is used for nine tenths of its life; what says no end is fetched for each call", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 0 });
  const short = server(ticket("a", 1_000));
  const key = ticketKey("/ticket", { fetch: short.fetch });
  await key();
  t.mock.timers.setTime(899);
  await key();
  assert.equal(short.asked.length, 1);
  t.mock.timers.setTime(901);
  await key();
  assert.equal(short.asked.length, 2);
  const quoted = ticketKey("/ticket", { fetch: async () => Response.json("hft1.x.y") });
  assert.equal(await quoted(), "hft1.x.y");
  // White space around a ticket doesn't belong to it, wherever it is.
  for (const answer of [" t_1\r\n", JSON.stringify("t_1\n"), JSON.stringify({ ticket: " t_1 " })]) assert.equal(await ticketKey("/ticket", { fetch: server(answer).fetch })(), "t_1");
  for (const answer of ["sk-of-another-kind", "hft1.bm8ganNvbg.x", "hft1.!.x", JSON.stringify({ ticket: "t_1" })]) {
    const other = server(answer);
    const give = ticketKey("/ticket", { fetch: other.fetch });
    assert.equal(await give(), answer.startsWith("{") ? "t_1" : answer);
    await give();
    assert.equal(other.asked.length, 2);
  }
});

test("by the server's clock, where it tells it: a visitor's that is wrong makes no ticket short or long", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 0 });
  const server = Date.UTC(2026, 11, 1);
  for (const ahead of [-3_600_000, -6_000, 0, 4_000, 6_000, 3_600_000]) {
    const here = server + ahead;
    t.mock.timers.setTime(here);
    let asked = 0;
    const headers = { date: new Date(server).toUTCString() };
    const key = ticketKey("/ticket", { fetch: async () => new Response(ticket((asked += 1), server + 5 * MINUTE), { headers }) });
    await key();
    for (const [after, times] of [[4.4 * MINUTE - 4_000, 1], [4.6 * MINUTE, 2]]) {
      t.mock.timers.setTime(here + after);
      await key();
      assert.equal(asked, times, `${ahead} ${after}`);
    }
  }
});

test("a ticket that the gateway refuses is fetched anew within the same call", async () => {
  const [stale, fresh] = ["stale", "fresh"].map((id) => ticket(id, Date.now() + 5 * MINUTE));
  const { asked, fetch } = server(stale, fresh);
  const script = scripted({ status: 401 }, {}, {});
  const hf = script.client({ apiKey: ticketKey("/ticket", { fetch }), retry: { baseDelay: 1 } });
  const ask = () => hf.chat.completions.create({ messages: PROMPT });
  await ask();
  await ask();
  assert.equal(asked.length, 2);
  const sent = (await script.stats()).headers.map(({ authorization }) => authorization);
  assert.deepEqual(sent, [stale, fresh, fresh].map((key) => `Bearer ${key}`));
});

test("a refusal says what the server said, and the next call asks again", async () => {
  const table = [
    [new Response("Your trial is over.", { status: 403 }), /answered 403: Your trial is over\./, /log in/],
    [Response.json({ error: { message: "Log in first." } }, { status: 401 }), /answered 401: Log in first\./, /log in/],
    [Response.json({ error: "no such user" }, { status: 404 }), /answered 404: no such user/, /server/],
    [new Response("<!doctype html><h1>Oops</h1>", { status: 500 }), /answered 500$/, /server/],
    [new TypeError("fetch failed"), /could not be read/, /cause/],
    // The server led to a login page, or answered with something else.
    [new Response("<!doctype html><h1>Log in</h1>", { headers: { "content-type": "text/html" } }), /none in what \/ticket answered$/, /log in/],
    [new Response(""), /none in what/, /log in/],
    [new Response(null, { status: 204 }), /none in what/, /log in/],
    [Response.json({ error: "not now" }), /none in what \/ticket answered: not now/, /log in/],
    [Response.json({ ticket: null }), /none in what/, /log in/],
    [Response.json([]), /none in what/, /log in/],
    // Words are no ticket, and a ticket among them is kept secret.
    [new Response("Please log in first."), /none in what \/ticket answered: Please log in first\.$/, /log in/],
    [Response.json("No session\there."), /none in what \/ticket answered: No session\there\.$/, /log in/],
    [Response.json({ ticket: "Log in" }), /none in what \/ticket answered: \{"ticket":"Log in"\}$/, /log in/],
    [Response.json({ ticket: { value: "t" } }), /none in what/, /log in/],
    [new Response("anmelden\u00a0bitte"), /none in what/, /log in/],
    [new Response("Bearer hft1.eyJpZCI6IjEifQ.c2ln"), /answered: Bearer \[redacted\]$/, /log in/],
  ];
  for (const [answer, says, hint] of table) {
    const { asked, fetch } = server(answer, ticket("good", Date.now() + MINUTE));
    const script = scripted();
    const hf = script.client({ apiKey: ticketKey("/ticket", { fetch }), retry: false });
    const ask = () => hf.chat.completions.create({ messages: PROMPT });
    const error = await failure(ask());
    assert.equal(error.name, "APIConnectionError");
    assert.ok(error.cause instanceof HfetchError, String(error.cause));
    assert.match(error.cause.message, says);
    assert.match(error.cause.hint, hint);
    assert.equal((await script.stats()).requests, 0);
    await ask();
    assert.equal(asked.length, 2);
  }
});

test("what is no address or no fetch is a ConfigError that names it", () => {
  for (const [given, path] of [[[undefined], "url"], [[7], "url"], [["/ticket", { fetch: "fetch" }], "fetch"]]) {
    assert.throws(() => ticketKey(...given), (error) => error.name === "ConfigError" && error.path === path);
  }
});
