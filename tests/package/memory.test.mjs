// The memory of ended calls is freed, whatever the caller's own functions hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PROMPT, scripted } from "./setting/installed.mjs";

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
