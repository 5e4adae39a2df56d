// The report of a test run, part by part. Parts that were not run are listed too.
import { ci, Stop } from "./run.mjs";

/** A part that can't run here; the message says why. An optional part doesn't fail a CI run. */
export class NotRun extends Error {
  constructor(message, { optional = false } = {}) {
    super(message);
    this.optional = optional;
  }
}

export class Report {
  #only;
  #started = performance.now();
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #notRun = [];

  /** `only`: the names of the parts to run; undefined means all. */
  constructor(only) {
    this.#only = only && new Set(only);
  }

  /** Whether the part with this name should run. */
  wants(name) {
    return !this.#only || this.#only.has(name);
  }

  /** Runs a part, which returns { passed, failed, skipped?, failures?: [{ name, error }] } or throws. With `always` it also runs if other parts were selected. */
  async part(name, work, { always = false } = {}) {
    if (!this.wants(name) && !always) return;
    const started = performance.now();
    const { passed, failed, skipped = 0, failures = [], reason } = await work().catch(outcomeOf);
    this.#passed += passed;
    this.#failed += failed;
    this.#skipped += skipped;
    if (reason) this.#notRun.push(`${name}: ${reason}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const counts = reason ? "not run" : `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
    console.log(`${failed ? "✖" : reason ? "–" : "✔"} ${name.padEnd(18)} ${counts}  (${seconds} s)`);
    for (const failure of failures) console.log(`\n  ${name} › ${failure.name}\n${indent(failure.error)}\n`);
  }

  /** Prints the totals, and sets the exit code. */
  finish() {
    if (this.#only?.size) console.log(`\nonly these parts were asked for: ${[...this.#only].join(", ")}`);
    if (this.#notRun.length) console.log(`\nnot run:\n${this.#notRun.map((line) => `  - ${line}`).join("\n")}`);
    console.log(`\n${this.#passed} passed, ${this.#failed} failed${this.#skipped ? `, ${this.#skipped} skipped` : ""}  (${minutes(performance.now() - this.#started)})`);
    if (this.#failed) process.exitCode = 1;
  }
}

function outcomeOf(error) {
  if (error instanceof NotRun) {
    const failed = ci && !error.optional ? 1 : 0;
    return { passed: 0, failed, reason: error.message };
  }
  return { passed: 0, failed: 1, failures: [{ name: "the part itself", error: error instanceof Stop ? error.message : error.stack }] };
}

function minutes(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function indent(text) {
  return String(text).replace(/^/gm, "    ");
}
