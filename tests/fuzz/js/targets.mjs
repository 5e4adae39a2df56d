// The targets in JavaScript: each checks a part of the built package or of its sources with any input.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** name: { property, subject }, the files of both; `pkg` is a package's folder. */
export const targets = (pkg) => ({
  body: { property: join(root, "tests/fuzz/js/body.mjs"), subject: join(pkg, "dist/gateway.js") },
  rows: { property: join(root, "tests/fuzz/js/rows.mjs"), subject: join(pkg, "dist/index.js") },
  usage: { property: join(root, "tests/fuzz/js/usage.mjs"), subject: join(root, "src/js/gateway/event_filter.js") },
});
