// A trap in the WebAssembly ends the one stream in which it happened, with a typed error and one settlement; everything else goes on.
import "./setting/trapped-instance.mjs";
import { trapAt } from "./setting/trapped-instance.mjs";
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROMPT, drain, hfetch, scripted } from "./setting/installed.mjs";
import "./setting/unhandled.mjs";

const READERS = {
  iteration: (stream) => drain(stream),
  "text()": (stream) => drain(stream.text()),
  "final()": (stream) => stream.final().then(() => ({ error: null }), (error) => ({ error })),
  "toReadableStream()": (stream) => drain(stream.toReadableStream()),
};
for (const [name, read] of Object.entries(READERS)) {
  test(`a trap under ${name}`, async () => {
    const { client, closed } = scripted({ split: 60, delayMs: 2 });
    const settlements = [];
    const hf = client({ onSettled: (one) => settlements.push(one), limits: { maxConcurrent: 2, onLimit: "error" } });
    const ask = () => hf.chat.completions.create({ messages: PROMPT, stream: true });
    const [other, hit] = [await ask(), await ask()];
    const reading = other[Symbol.asyncIterator]();
    await reading.next();
    trapAt(1);
    const { error } = await read(hit);
    trapAt(0);
    assert.ok(error instanceof hfetch.StreamError, String(error));
    assert.equal(error.cause.name, "RuntimeError");
    assert.equal((await hit.settled).outcome, "error");
    // The other open stream goes on to its end, and later calls get their places.
    assert.equal((await drain(reading)).error, null);
    assert.equal((await other.settled).outcome, "ok");
    assert.equal((await drain(await ask())).error, null);
    assert.equal((await hf.chat.completions.create({ messages: PROMPT })).object, "chat.completion");
    assert.deepEqual(settlements.map(({ outcome }) => outcome), ["error", "ok", "ok", "ok"]);
    const { inFlight, queued, spend } = hf.snapshot();
    assert.deepEqual([inFlight, queued, spend.requests], [0, 0, 4]);
    await closed();
  });
}
