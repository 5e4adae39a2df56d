// The view of a person on long steps: each step and its progress, even if two run side by side.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { showing } from "../../../scripts/progress.mjs";

/** The text that is printed while `work` runs. */
async function printed(t, work) {
  const lines = [];
  const write = t.mock.method(process.stdout, "write", (text) => lines.push(text) > 0);
  await work().finally(() => write.mock.restore());
  return lines.join("");
}

test("steps beside one another share a line, each with its crates and its time, and each says when it is done", async (t) => {
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  t.after(() => mock.timers.reset());
  const ends = {};
  const step = (name) => showing(name, (listen) => new Promise((resolve) => (ends[name] = { listen, resolve })));
  const text = await printed(t, async () => {
    const [one, other] = [step("one"), step("other")];
    assert.equal(`${ends.one.listen("  Building [==>  ] 3/82: core\rwarning: kept\n")}`, "warning: kept\n");
    mock.timers.tick(10_000);
    ends.other.resolve();
    await other;
    mock.timers.tick(10_000);
    ends.one.resolve();
    await one;
    mock.timers.tick(60_000);
  });
  const lines = text.replaceAll("\r\u001b[K", "\n").split("\n").filter(Boolean);
  assert.deepEqual(lines.filter((line) => / done /.test(line)), ["  other: done in 10 s", "  one: done in 20 s"]);
  assert.ok(lines.includes("  one: crate 3 of 82, 10 s;  other: 10 s"), text);
  assert.equal(lines.at(-1), "  one: done in 20 s", "nothing is said of steps that are over");
});

test("a short step says nothing, and one that fails leaves no line behind", async (t) => {
  const text = await printed(t, () => assert.rejects(showing("short", () => Promise.reject(new Error("no"))), /no/));
  assert.equal(text, "");
});
