// The Durable Object in workerd gives the same answers as one store in memory, whatever happens to the object in between.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startWorker } from "../../../scripts/workerd.mjs";
import { KEY, MESSAGES, MODEL, pkg, random, startGateway } from "./setting/running.mjs";

const MINUTE = 60_000;
const LOST_AFTER = 10 * MINUTE;

/** A Worker that asks the store on request, and can make its object start anew. */
const WORKER = `import { LimitObject as Limits, durableStore } from "hfetch/gateway";
export class LimitObject extends Limits {
  static scopesInMemory = 3;
  evict() { this.ctx.abort("started anew"); }
  rows() {
    const count = (table) => this.ctx.storage.sql.exec("SELECT count(*) AS n FROM hfetch_" + table).one().n;
    const open = count("reservation WHERE lost = 0");
    return { open, ...Object.fromEntries(["scope", "bucket", "reservation"].map((table) => [table, count(table)])) };
  }
}
export default {
  async fetch(request, { LIMITS }) {
    const { name, steps, atOnce } = await request.json();
    const store = durableStore(LIMITS, name);
    const object = () => LIMITS.get(LIMITS.idFromName(name));
    const answer = async ([method, ...values]) => {
      if (method === "evict") return object().evict().catch(() => null);
      if (method === "rows") return object().rows();
      return (await store[method](...values)) ?? null;
    };
    if (atOnce) return Response.json(await Promise.all(steps.map(answer)));
    const answers = [];
    for (const step of steps) answers.push(await answer(step));
    return Response.json(answers);
  },
};`;

const states = [];
const workers = [];
after(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  await Promise.all(states.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function stateFolder() {
  const folder = await mkdtemp(join(tmpdir(), "hfetch-limits-"));
  states.push(folder);
  return folder;
}

async function start(more) {
  const worker = await startWorker({ pkg, worker: WORKER, ...more });
  workers.push(worker);
  return worker;
}

const first = await start();
let names = 0;
const fresh = () => `test-${(names += 1)}`;

async function ask(url, name, steps, atOnce) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify({ name, steps, atOnce }) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

const part = (scope, limits, more) => ({ scope, tokens: 1, usd: 0, limits, budget: null, ...more });
const reserve = (parts, now) => ["reserve", { parts, now }];
const settle = (reservation, now, tokens = 1, usd = 0) => ["settle", reservation, { tokens, usd, now }];

/** A list of everything that was ever reserved, which is searched anew for each question. */
class Oracle {
  entries = [];

  allows(parts, now) {
    return parts.every(({ scope, tokens, usd, limits, budget }, at) => {
      const before = parts.slice(0, at).filter((other) => other.scope === scope);
      const mine = this.entries.flatMap((entry) => entry.parts.filter((held) => held.scope === scope).map((held) => ({ ...entry, ...held })));
      const counted = mine.filter((entry) => entry.open || entry.at + MINUTE > now);
      const sum = (list, value) => list.reduce((total, item) => total + value(item), 0);
      const open = mine.filter((entry) => entry.open).length + before.length;
      const took = sum(counted, (entry) => (entry.open ? entry.tokens : entry.used)) + sum(before, (other) => other.tokens);
      const spent = sum(mine, (entry) => (entry.open ? entry.usd : entry.cost)) + sum(before, (other) => other.usd);
      return (
        counted.length + before.length < (limits.requestsPerMinute ?? Infinity) &&
        open < (limits.maxConcurrent ?? Infinity) &&
        took + tokens <= (limits.tokensPerMinute ?? Infinity) &&
        spent + usd <= (budget?.usd ?? Infinity) + 1e-9
      );
    });
  }
}

test("the object answers as a naive store does, evicted and asked again at any time", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const next = random(seed);
    const pick = (count) => Math.floor(next() * count);
    const name = fresh();
    const oracle = new Oracle();
    let now = Date.now() - 9 * MINUTE; // later than this nothing is lost yet
    for (let round = 0; round < 40; round++) {
      const open = oracle.entries.filter((entry) => entry.open);
      const choice = pick(10);
      if (choice < 5 || open.length === 0) {
        const parts = Array.from({ length: 1 + pick(3) }, () => {
          const scope = ["key", "client", "gateway"][pick(3)];
          return part(scope, { requestsPerMinute: 6, tokensPerMinute: 60, maxConcurrent: 4 }, { tokens: pick(25), usd: pick(3) / 10, budget: scope === "gateway" ? { usd: 3, per: "total" } : null });
        });
        const [answer] = await ask(first.url, name, [reserve(parts, now)]);
        assert.equal(answer.ok, oracle.allows(parts, now), `seed ${seed}, round ${round}: ${JSON.stringify([parts, answer])}`);
        if (answer.ok) oracle.entries.push({ id: answer.reservation, parts, at: now, open: true });
        else assert.ok(parts.some(({ scope }) => scope === answer.scope));
      } else if (choice < 7) {
        const entry = open[pick(open.length)];
        const used = pick(30);
        const cost = pick(3) / 10;
        await ask(first.url, name, [settle(entry.id, now, used, cost), settle(entry.id, now, 99, 99)]);
        Object.assign(entry, { open: false, used, cost });
      } else if (choice < 8) {
        const entry = open[pick(open.length)];
        await ask(first.url, name, [["release", entry.id]]);
        oracle.entries.splice(oracle.entries.indexOf(entry), 1);
      } else if (choice < 9) {
        await ask(first.url, name, [["evict"]]);
      } else {
        now = Math.min(now + pick(90_000), Date.now());
      }
    }
  }
});

test("all parts or none", async () => {
  const now = Date.now();
  const both = [part("client:ann", { requestsPerMinute: 1 }), part("gateway", { requestsPerMinute: 9 })];
  const answers = await ask(first.url, fresh(), [reserve(both, now), reserve(both, now), reserve(both, now), reserve([both[1]], now)]);
  assert.deepEqual(answers.map(({ ok, scope }) => scope ?? ok), [true, "client:ann", "client:ann", true]);
  assert.deepEqual(answers.at(-1).quotas, [{ scope: "gateway", reason: "requests", limit: 9, remaining: 7, reset: MINUTE }]);
});

test("a restart between reserve and settle loses nothing, by a signal that can't be caught either", async () => {
  const state = await stateFolder();
  const name = fresh();
  const now = Date.now();
  const parts = [part("gateway", { requestsPerMinute: 2, maxConcurrent: 1 }, { usd: 0.6, budget: { usd: 1, per: "total" } })];
  const before = await start({ state });
  const [granted] = await ask(before.url, name, [reserve(parts, now)]);
  assert.equal(granted.ok, true);
  process.kill(before.pid, "SIGKILL");
  await before.exited;
  const later = await start({ state });
  const [refused, , again, last] = await ask(later.url, name, [reserve(parts, now), settle(granted.reservation, now, 5, 0.3), reserve(parts, now), reserve(parts, now)]);
  assert.deepEqual([refused.ok, refused.reason], [false, "budget"]);
  assert.equal(again.ok, true, "0.3 is spent and 0.6 fits");
  assert.equal(last.ok, false);
  await later.close();
  const third = await start({ state });
  const [still, , over] = await ask(third.url, name, [reserve(parts, now), ["release", again.reservation], reserve(parts, now + MINUTE)]);
  assert.equal(still.ok, false);
  assert.equal(over.ok, true);
});

test("a reservation that never ends is given up by the alarm, without anybody asking", async () => {
  const name = fresh();
  const parts = [part("gateway", { maxConcurrent: 1 }, { usd: 1, budget: { usd: 1, per: "total" } })];
  const due = Date.now() - LOST_AFTER;
  const [granted, refused] = await ask(first.url, name, [reserve(parts, due + 1_500), reserve(parts, due + 1_500)]);
  assert.deepEqual([granted.ok, refused.ok], [true, false]);
  // The question's clock stands still, so only the alarm can have freed the place.
  const place = [part("gateway", { maxConcurrent: 1 })];
  let answer = refused;
  while (!answer.ok) [answer] = await ask(first.url, name, [reserve(place, due + 1_500)]);
  assert.ok(Date.now() >= due + 1_500 + LOST_AFTER);
  // The lost reservation may have spent all that it held; if it ends after all, its real cost replaces that. Its place belongs to another one now.
  const [, spent] = await ask(first.url, name, [["release", answer.reservation], reserve(parts, Date.now())]);
  assert.deepEqual([spent.ok, spent.reason, spent.spentUsd], [false, "budget", 1]);
  await ask(first.url, name, [["evict"], settle(granted.reservation, Date.now(), 1, 0.4)]);
  const [dear, fits] = await ask(first.url, name, [reserve([{ ...parts[0], usd: 0.7 }], Date.now()), reserve([{ ...parts[0], usd: 0.6 }], Date.now())]);
  assert.deepEqual([dear.ok, dear.reason, fits.ok], [false, "budget", true]);
});

test("a reservation that is heard of keeps its place and what it holds, over an eviction too", async () => {
  const name = fresh();
  const start = Date.now() - LOST_AFTER + 1_000;
  const parts = [part("gateway", { maxConcurrent: 1 }, { usd: 0.6, budget: { usd: 1, per: "total" } })];
  const [granted] = await ask(first.url, name, [reserve(parts, start)]);
  await ask(first.url, name, [["renew", granted.reservation, { now: start + 500_000 }], ["evict"]]);
  // The alarm that was set first comes after a second, and finds nothing lost.
  let answer;
  do [answer] = await ask(first.url, name, [reserve(parts, start + 500_000)]);
  while (!answer.ok && Date.now() < start + LOST_AFTER + 1_500);
  assert.deepEqual([answer.ok, answer.reason], [false, "budget"]);
  const [, after] = await ask(first.url, name, [settle(granted.reservation, start + 500_000, 1, 0.1), reserve(parts, start + 500_000)]);
  assert.equal(after.ok, true);
});

test("an alarm that finds nothing lost sees to what is open, and leaves no row that no longer counts", async () => {
  const name = fresh();
  const due = Date.now() - LOST_AFTER;
  const parts = [part("client:ann", { requestsPerMinute: 9 })];
  const [settled] = await ask(first.url, name, [reserve(parts, due + 2_000)]);
  await ask(first.url, name, [settle(settled.reservation, due + 2_000), reserve(parts, due + 3_000)]);
  let rows;
  do [rows] = await ask(first.url, name, [["rows"]]);
  while (rows.open > 0 && Date.now() < due + 3_000 + LOST_AFTER + 20_000);
  assert.deepEqual(rows, { open: 0, scope: 1, bucket: 0, reservation: 1 }, "the second one is lost, though nobody asked");
});

test("a clock that is far ahead stops nobody for long, and one that goes back changes nothing", async () => {
  const name = fresh();
  const now = Date.now();
  const parts = [part("gateway", { requestsPerMinute: 1 })];
  const [granted, back, on] = await ask(first.url, name, [reserve(parts, now + 365 * 24 * 60 * MINUTE), reserve(parts, now - MINUTE), reserve(parts, now + 365 * 24 * 60 * MINUTE)]);
  assert.equal(granted.ok, true);
  assert.ok(!back.ok && back.retryAfter <= MINUTE);
  assert.equal(on.ok, false);
});

test("a blocked scope stays blocked, and a scope's rows go when they no longer matter", async () => {
  const name = fresh();
  const start = Date.now() - 9 * MINUTE;
  const parts = [part("key:a", { requestsPerMinute: 1_000 })];
  const [, , blocked] = await ask(first.url, name, [["block", "key:a", start + 5_000], ["evict"], reserve(parts, start)]);
  assert.deepEqual([blocked.ok, blocked.reason, blocked.retryAfter], [false, "blocked", 5_000]);
  for (let at = 0; at < 9; at++) {
    const now = start + 6_000 + at * 55_000;
    const reserved = await ask(first.url, name, Array.from({ length: 20 }, (_, index) => reserve(parts, now + index)));
    await ask(first.url, name, reserved.map(({ reservation }) => settle(reservation, now + 30)));
  }
  const [rows] = await ask(first.url, name, [["rows"]]);
  assert.deepEqual([rows.scope, rows.reservation], [1, 0]);
  assert.ok(rows.bucket < 150, `${rows.bucket} times are kept of ${9 * 20}`);
});

test("a caller whose clock is a day ahead blocks nothing for a day", async () => {
  const name = fresh();
  const parts = [part("key:a", { requestsPerMinute: 1_000 })];
  const [, blocked] = await ask(first.url, name, [["block", "key:a", Date.now() + 24 * 60 * MINUTE], reserve(parts, Date.now())]);
  assert.deepEqual([blocked.ok, blocked.reason, blocked.retryAfter < 16 * MINUTE], [false, "blocked", true]);
});

test("1,000 reservations at once from three isolates against a limit of 100: exactly 100 are granted", async () => {
  const { urls } = await start({ isolates: 3 });
  const parts = [part("client:ann", { requestsPerMinute: 500 }), part("gateway", { requestsPerMinute: 100 })];
  const now = Date.now();
  const calls = Array.from({ length: 20 }, (_, at) => ask(urls[at % urls.length], "shared", Array(50).fill(reserve(parts, now)), "at once"));
  const answers = (await Promise.all(calls)).flat();
  assert.equal(answers.length, 1_000);
  assert.equal(new Set(answers.filter(({ ok }) => ok).map(({ reservation }) => reservation)).size, 100);
  const refused = answers.filter(({ ok }) => !ok);
  assert.equal(refused.length, 900);
  assert.ok(refused.every(({ scope, reason, retryAfter }) => scope === "gateway" && reason === "requests" && retryAfter > 0 && retryAfter <= MINUTE));
  const [{ quotas }] = await ask(urls[2], "shared", [reserve([parts[0]], now)]);
  assert.equal(quotas[0].remaining, 399, "the refused took nothing from the client");
});

test("1,000 callers at once of three gateways against a limit of 100: exactly 100 reach the model", async () => {
  const gateway = await startGateway({ isolates: 3, env: { GATEWAY_REQUESTS_PER_MINUTE: "100", GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "900" } });
  // This isn't fetch(): Node's gives up a connection that isn't accepted soon.
  const statuses = await Promise.all(Array.from({ length: 1_000 }, (_, at) => post(gateway.urls[at % 3], { model: MODEL, messages: MESSAGES, max_tokens: 5 })));
  const count = (status) => statuses.filter((other) => other === status).length;
  assert.deepEqual([count(200), count(429)], [100, 900]);
  assert.equal((await gateway.stats()).requests, 100);
});

function post(url, body) {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/chat/completions`, { method: "POST", agent: false, headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" } });
    sent.on("response", (response) => response.resume().on("end", () => resolve(response.statusCode))).on("error", reject);
    sent.end(JSON.stringify(body));
  });
}

test("two Workers that share one object share its limits, and a store that can't be reached lets nothing through", async () => {
  const gateway = await startGateway({ isolates: 2, env: { GATEWAY_REQUESTS_PER_MINUTE: "3" } });
  const statuses = [];
  for (let at = 0; at < 5; at++) statuses.push(await post(gateway.urls[at % 2], { model: MODEL, messages: MESSAGES }));
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  const broken = await startGateway({ options: '(env) => ({ store: durableStore({ idFromName: (name) => name, get: () => ({ reserve: async () => { throw new Error("gone") } }) }) })' });
  assert.equal(await post(broken.url, { model: MODEL, messages: MESSAGES }), 503);
  assert.equal((await broken.stats()).requests, 0);
});

test("2,048 inputs are one request of their client, and more than its key allows are refused before the first is sent", async () => {
  const input = Array.from({ length: 2_048 }, (_, at) => `text number ${at}`);
  const embed = (gateway) => gateway.post({ model: "org/name", input }, { path: "/v1/embeddings" });
  const open = await startGateway({ env: { GATEWAY_CLIENT_REQUESTS_PER_MINUTE: "1" } });
  const answer = await embed(open);
  assert.deepEqual([answer.status, (await answer.json()).data.length, (await open.stats()).requests], [200, 2_048, 64]);
  assert.equal(answer.headers.get("ratelimit"), '"client-requests";r=0;t=60');
  assert.equal((await embed(open)).status, 429);
  const large = await startGateway({ env: { GATEWAY_EMBEDDINGS_BATCH: "2048", GATEWAY_TIMEOUT_IDLE: "5000" }, steps: [{ status: 413, json: { error: "too many" } }] });
  assert.equal((await embed(large)).status, 413, "as one request, which this server does not take");
  assert.equal((await large.stats()).requests, 1);
  for (const env of [{ GATEWAY_KEY_REQUESTS_PER_MINUTE: "60" }, { GATEWAY_CLIENT_TOKENS_PER_MINUTE: "1000" }, { GATEWAY_TOKENS_PER_MINUTE: "1000" }]) {
    const narrow = await startGateway({ env });
    assert.ok([400, 429].includes((await embed(narrow)).status), JSON.stringify(env));
    assert.equal((await narrow.stats()).requests, 0, JSON.stringify(env));
    assert.equal((await narrow.post({ model: "org/name", input: ["one"] }, { path: "/v1/embeddings" })).status, 200, "nothing is held");
  }
});
