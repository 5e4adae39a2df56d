// Which scenarios run where, and how parts run side by side.
import assert from "node:assert/strict";
import { test } from "node:test";
import { placesToRun, runtimes } from "../../../scripts/runtimes.mjs";
import { sideBySide } from "../../../scripts/side-by-side.mjs";
import { scenariosFor } from "../../package/runtime/harness.mjs";
import scenarios from "../../package/scenarios.mjs";
import { short } from "../../package/scenarios/short.mjs";

test("the short list names scenarios that there are, some of every area", () => {
  const names = new Set(scenarios.map(({ name }) => name));
  assert.deepEqual([...short].filter((name) => !names.has(name)), []);
  const chosen = scenariosFor(scenarios, { list: "short" });
  assert.deepEqual(new Set(chosen.map(({ area }) => area)), new Set(scenarios.map(({ area }) => area)));
  assert.ok(chosen.length < scenarios.length / 3);
  assert.equal(scenariosFor(scenarios, { list: "whole" }).length, scenarios.filter(({ needs }) => !needs).length);
});

test("the whole list runs where engines differ; before a release it runs everywhere", () => {
  const places = placesToRun({ all: false });
  const whole = Object.keys(places).filter((name) => places[name] === "whole");
  assert.deepEqual(whole, ["node", "node24", "deno", "bun", "workerd", "chromium", "chromium-old"]);
  assert.deepEqual(placesToRun({ all: true }), Object.fromEntries(Object.keys(runtimes).map((name) => [name, "whole"])));
});

test("jobs run side by side, as many as asked for, begin in their order, and are all over in the end", async () => {
  let running = 0;
  const [peaks, begun] = [[], []];
  const job = (name) => async () => {
    begun.push(name);
    peaks.push((running += 1));
    await new Promise(setImmediate);
    running -= 1;
  };
  await sideBySide([job("a"), job("b"), job("c")], 2);
  assert.deepEqual([begun, Math.max(...peaks), running], [["a", "b", "c"], 2, 0]);
  const fails = () => Promise.reject(new Error("no"));
  await assert.rejects(sideBySide([fails, job("d")], 2), /no/);
  assert.deepEqual([begun.at(-1), running], ["d", 0]);
});
