// The memory of ended calls is freed, whatever the caller's own functions hold.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PROMPT, entry, scripted } from "./setting/installed.mjs";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

/** Whether the referenced object is collected within a few rounds; each round gives finalizers their turn. */
async function collected(reference) {
  for (let round = 0; round < 50 && reference.deref() !== undefined; round++) {
    // In another turn than the look at it: the result of deref() is kept until the end of the turn.
    await pause(5);
    gc();
    await pause(5);
  }
  return reference.deref() === undefined;
}

/** A stream that was read to its end, whose hook and metadata refer to it. */
async function readStream(hf) {
  const around = {};
  around.stream = await hf.chat.completions.create({ messages: PROMPT, stream: true }, { metadata: around, onSettled: () => around.stream });
  for await (const _ of around.stream);
  await around.stream.settled;
  return new WeakRef(around.stream);
}

test("a stream is let go although its onSettled and metadata lead back to it", async () => {
  const hf = scripted().client();
  assert.ok(await collected(await readStream(hf)));
  assert.equal(hf.snapshot().spend.requests, 1);
});

// V8 puts a function that is assigned to a property where only a full collection looks, with all that it refers to. The program runs by
// itself, because the test runner keeps the promises of its tests, and without the optimiser, which may leave out the function.
const PROGRAM = `
const { HuggingFace } = await import(process.argv[1]);
const body = JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }] });
const hf = new HuggingFace({ apiKey: "hf_test", baseURL: "http://127.0.0.1:9/v1", fetch: async () => new Response(body, { headers: { "content-type": "application/json" } }) });
const calls = async () => {
  for (let made = 0; made < 400; made++) {
    await hf.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hi" }] });
    if (made % 50 === 0) gc({ type: "minor" });
  }
  gc({ type: "minor" });
  gc({ type: "minor" });
  return process.memoryUsage().heapUsed;
};
await calls();
gc();
const before = process.memoryUsage().heapUsed;
console.log(((await calls()) - before) / 400);
`;

test("a minor collection finds most of an ended call", () => {
  const kept = Number(execFileSync(process.execPath, ["--expose-gc", "--no-opt", "--input-type=module", "-e", PROGRAM, entry], { encoding: "utf8" }));
  assert.ok(kept < 3_200, `${kept} bytes of each call are kept`);
});
