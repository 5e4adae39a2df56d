// The recordings' own table (tests/fixtures/README.md) and the oracle agree on every file. Each was written without the other.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { FIXTURES, streamFixtures } from "./setting/fixtures.mjs";
import { replay } from "./setting/oracle.mjs";

test("the table names every recording, and every recording exists", () => {
  const table = readFileSync(new URL("README.md", FIXTURES), "utf8");
  const listed = [...table.matchAll(/^\| (\S+\.(?:sse|json|txt|html)) \|/gm)].map((match) => match[1]).sort();
  const present = readdirSync(FIXTURES).filter((name) => /\.(sse|json|txt|html)$/.test(name)).sort();
  assert.deepEqual(listed, present);
});

for (const { name, bytes, end } of streamFixtures()) {
  test(`${name} ends in ${end}`, () => assert.equal(replay(bytes).end, end));
}
