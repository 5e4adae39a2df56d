// What is over is let go, whatever the caller's own functions hold on to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PROMPT, scripted } from "./setting/installed.mjs";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

/** Whether what is referred to is collected, in a few rounds: each gives finalizers their turn. */
async function collected(reference) {
  for (let round = 0; round < 50 && reference.deref() !== undefined; round++) {
    // Not in the turn that has looked at it: what deref() gave is kept to the end of the turn.
    await pause(5);
    gc();
    await pause(5);
  }
  return reference.deref() === undefined;
}

/** A stream read to its end, whose hook and metadata lead back to it. */
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
