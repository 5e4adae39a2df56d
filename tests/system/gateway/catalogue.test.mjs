// How the catalogue is kept: for how long, what happens after a failure, and which request fetches it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hfetch as errors } from "../../package/setting/installed.mjs";
import { runOn } from "../../../src/js/gateway/client.js";
import { Catalogue } from "../../../src/js/gateway/model.js";

runOn(errors.HuggingFace, errors.internals);

const bytes = (...ids) => new TextEncoder().encode(JSON.stringify({ data: ids.map((id) => ({ id })) }));
const said = (error) => [error.status, error.code, error.retryAfter];

/** A catalogue with a clock, which counts how many times it was fetched. */
function kept() {
  const catalogue = new Catalogue(() => true);
  const seen = { now: 0, asked: 0 };
  const read = (id, ask) => catalogue.read(id, () => seen.now, async () => ((seen.asked += 1), ask()));
  return { seen, read };
}

test("a catalogue that grows old is asked for again", async () => {
  const { seen, read } = kept();
  assert.match(await read(undefined, () => bytes("a")), /"a"/);
  seen.now = 59_999;
  assert.match(await read(undefined, () => bytes("b")), /"a"/);
  seen.now = 60_000;
  assert.match(await read(undefined, () => bytes("b")), /"b"/);
  assert.equal(await read("a"), undefined);
  assert.equal(seen.asked, 2);
});

test("a catalogue too deep to be read is none", async () => {
  const deep = new TextEncoder().encode(`{"data":[{"id":"a","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}`);
  await assert.rejects(kept().read(undefined, () => deep), (error) => error.code === "upstream_invalid");
});

test("what was read while the clock was a day ahead is not fresh for a day", async () => {
  const { seen, read } = kept();
  seen.now = 9e7;
  assert.match(await read(undefined, () => bytes("c")), /"c"/);
  seen.now = 60_003;
  assert.match(await read(undefined, () => bytes("d")), /"d"/);
});

test("a failure is kept, each further one in a row for longer, and a success ends the row", async () => {
  const { seen, read } = kept();
  const html = () => new TextEncoder().encode("<html>");
  const fails = () => {
    throw new errors.APIConnectionError("no", {});
  };
  const waits = [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000];
  for (const [at, wait] of waits.entries()) {
    const [ask, code] = at % 2 === 0 ? [html, "upstream_invalid"] : [fails, "upstream_unreachable"];
    await assert.rejects(read(undefined, ask), (error) => (assert.deepEqual(said(error), [502, code, wait]), error.detail.endsWith(`(failures in a row: ${at + 1})`)));
    seen.now += wait - 1;
    await assert.rejects(read("a", ask), (error) => (assert.deepEqual(said(error), [502, code, 1]), true));
    seen.now += 1;
  }
  assert.equal(seen.asked, waits.length);
  assert.match(await read("a", () => bytes("a")), /"a"/);
  seen.now += 60_000;
  await assert.rejects(read("a", html), (error) => (assert.deepEqual(said(error), [502, "upstream_invalid", 30_000]), true));
});

test("one asks for all that come meanwhile; where it has been stopped another one does", async () => {
  const { seen, read } = kept();
  let answer;
  const slow = () => new Promise((resolve) => (answer = resolve));
  const reads = Array.from({ length: 20 }, () => read(undefined, slow));
  await new Promise(setImmediate);
  assert.equal(seen.asked, 1);
  answer(bytes("a"));
  for (const list of await Promise.all(reads)) assert.match(list, /"a"/);
  seen.now += 60_000;
  read(undefined, () => new Promise(() => {}));
  const other = read(undefined, () => bytes("b"));
  seen.now += 15_000;
  assert.match(await other, /"b"/);
  assert.equal(seen.asked, 3);
});
