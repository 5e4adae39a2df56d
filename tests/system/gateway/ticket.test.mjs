// Session tickets: an issued ticket is accepted, and nothing else is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch as errors } from "../../package/setting/installed.mjs";
import { runOn } from "../../../src/js/gateway/client.js";
import { issueTicket, looksLikeTicket, readTicket } from "../../../src/js/gateway/ticket.js";

runOn(errors.HuggingFace, errors.internals);

const SECRET = "a secret of the operator's, long enough";
const NOW = 1_800_000_000_000;
const HERE = "https://gateway.example";

const issue = (ticket = {}) => issueTicket(SECRET, { client: "page", expiresIn: 60_000, audience: HERE, ...ticket }, NOW);
const read = (token, { secret = SECRET, audience = HERE, now = NOW } = {}) => readTicket(secret, token, { isMeant: (named) => named === audience, now });

test("a ticket says who holds it, and what it may", async () => {
  const limits = { requestsPerMinute: 5 };
  const token = await issue({ client: "Zoë & co / 日本", audience: "https://gateway.example", limits });
  assert.ok(looksLikeTicket(token));
  assert.match(token, /^[\w.-]+$/, "it fits into a header");
  const { ticket } = await read(token);
  const { id, ...rest } = ticket;
  assert.match(id, /^[\da-f-]{36}$/);
  assert.deepEqual(rest, { client: "Zoë & co / 日本", expires: NOW + 60_000, audience: "https://gateway.example", limits });
});

test("two tickets of one client are two", async () => {
  const [one, other] = [await read(await issue()), await read(await issue())];
  assert.notEqual(one.ticket.id, other.ticket.id);
});

test("it may be used again until it expires, and never after", async () => {
  const token = await issue();
  for (const [now, refused] of [[NOW, undefined], [NOW + 59_999, undefined], [NOW + 60_000, "expired"], [NOW + 1e9, "expired"]]) {
    assert.equal((await read(token, { now })).refused, refused, String(now - NOW));
  }
});

test("it is good for the audience it names", async () => {
  const [bound, free] = [await issue({ audience: "https://other.example" }), await issue({ audience: undefined })];
  assert.equal((await read(bound)).refused, "audience");
  assert.equal((await read(bound, { audience: "https://other.example" })).refused, undefined);
  assert.equal((await read(await issue())).refused, undefined);
  for (const audience of [HERE, "https://other.example"]) assert.equal((await read(free, { audience })).refused, "audience", "a gateway wants to be named");
});

test("another secret, any changed character, any missing or added part is a forgery", async () => {
  const token = await issue();
  assert.equal((await read(token, { secret: `${SECRET}.` })).refused, "forged");
  for (let at = 0; at < token.length; at += 1) {
    const changed = token[at] === "A" ? "B" : "A";
    const forged = token.slice(0, at) + changed + token.slice(at + 1);
    assert.equal((await read(forged)).refused, "forged", `character ${at}`);
    assert.equal((await read(token.slice(0, at))).refused, "forged", `cut at ${at}`);
  }
  const [version, payload, signature] = token.split(".");
  const none = `${version}.${btoa(JSON.stringify({ client: "root", expires: NOW * 2 })).replaceAll("=", "")}`;
  for (const forged of [`${none}.${signature}`, `${none}.`, `${none}.AA`, `${token}.AA`, `${token}=`, `hft2.${payload}.${signature}`, `hft1.${payload}.é`, `hft1.${"A".repeat(9_000)}.${signature}`]) {
    assert.equal((await read(forged)).refused, "forged", forged.slice(0, 60));
  }
});

test("a signature has one spelling", async () => {
  const token = await issue();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(token.at(-1));
  // 32 bytes take 43 characters, of which the last one has two bits to spare.
  const twin = token.slice(0, -1) + alphabet[last ^ 1];
  assert.equal((await read(twin)).refused, "forged");
});

test("what can't be a ticket is refused when it is issued", async () => {
  const cases = [
    [{ client: "" }, "client"], [{ client: 7 }, "client"], [{ client: "x".repeat(257) }, "client"],
    [{ expiresIn: 0 }, "expiresIn"], [{ expiresIn: -1 }, "expiresIn"], [{ expiresIn: Infinity }, "expiresIn"], [{ expiresIn: "60" }, "expiresIn"],
    [{ audience: "" }, "audience"], [{ limits: { requestsPerMinute: -1 } }, "limits.requestsPerMinute"], [{ limits: { perMinute: 1 } }, "limits.perMinute"],
    [{ limits: [] }, "limits"], [{ limits: { requestsPerMinute: "5" } }, "limits.requestsPerMinute"], [{ limits: { tokensPerMinute: null } }, "limits.tokensPerMinute"],
    [{ limit: { requestsPerMinute: 5 } }, "limit"], [{ expires: 60_000 }, "expires"],
  ];
  for (const [ticket, path] of cases) {
    await assert.rejects(issue(ticket), { name: "ConfigError", path }, JSON.stringify(ticket));
  }
  await assert.rejects(issue({ expiresIn: undefined }), { path: "expiresIn", message: /for how many milliseconds/ });
  for (const secret of ["", "short", "x".repeat(31), ` ${"x".repeat(31)}\n`, undefined, 7, null]) {
    await assert.rejects(issueTicket(secret, { client: "a", expiresIn: 1 }), (error) => error.name === "ConfigError" && error.path === "secret" && !error.message.includes("xx"));
  }
});

test("white space around a secret, as files leave it, is no part of it on either side", async () => {
  const ways = [SECRET, ` ${SECRET}`, `${SECRET}\n`, `\t${SECRET} \r\n`];
  for (const issued of ways) {
    for (const known of ways) {
      const token = await issueTicket(issued, { client: "page", expiresIn: 60_000, audience: HERE }, NOW);
      assert.equal((await read(token, { secret: known })).refused, undefined);
    }
  }
});
