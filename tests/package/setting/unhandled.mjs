// For the test files that import it: no promise may be rejected without a handler.
import assert from "node:assert/strict";
import { after, before } from "node:test";
// This module's endpoint closes first: hooks that are registered after one that fails aren't run.
import "./installed.mjs";

const unhandled = [];
const remember = (reason) => unhandled.push(reason);
before(() => process.on("unhandledRejection", remember));
after(() => {
  process.off("unhandledRejection", remember);
  assert.deepEqual(unhandled, []);
});
