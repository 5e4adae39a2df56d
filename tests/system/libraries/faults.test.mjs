// Every library on a client's fetch, with a server that fails in every way: no broken answer looks complete, every call ends, no library tries more often than the
// client, no socket stays open, and there is one settlement.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runFaults } from "./setting/faults.mjs";
import { LIBRARIES } from "./setting/libraries.mjs";

const TRIES = 3; // the client's default

for (const library of Object.keys(LIBRARIES)) {
  test(library, async () => {
    const results = await runFaults((cell) => cell.with && cell.library === library);
    assert.ok(results.length > 30, String(results.length));
    const wrong = results.filter(({ end, requests, open, settled }) => !["ok", "error"].includes(end) || requests > TRIES || open > 0 || settled !== 1);
    assert.deepEqual(wrong, []);
    const early = results.filter(({ end, fault }) => end === "ok" && !/after whole events|after the finish_reason|the finish_reason|\[DONE\]/.test(fault));
    assert.deepEqual(early, []);
  });
}
