// For test files that import it: no promise may be rejected where nobody can hear it.
import assert from "node:assert/strict";
import { after, before } from "node:test";
// Its endpoint closes first: what is registered after a hook that fails is not run.
import "./installed.mjs";

const unhandled = [];
const remember = (reason) => unhandled.push(reason);
before(() => process.on("unhandledRejection", remember));
after(() => {
  process.off("unhandledRejection", remember);
  assert.deepEqual(unhandled, []);
});
