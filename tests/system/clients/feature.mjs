// The tasks of a client through the gateway, and checks of the results. Each check throws what is wrong.
import assert from "node:assert/strict";
import { ANSWER, CITY } from "./server.mjs";

const IMPATIENT = 10_000; // ms within which the gateway must hang up on the model's server
const UNREADABLE = /JSON|Expecting|Unexpected (?:end|token)|Unterminated|parse|decode|validation/i;
const LIMITED = /limit of requests per minute/;
const BROKEN_OFF = /broke off/;

const words = (told) => [told.error?.message, told.error?.body].join(" ");
const whole = ({ text, error }) => {
  assert.equal(error, undefined, words({ error }));
  assert.ok(text === ANSWER || text === CITY.city, `said ${JSON.stringify(text)}`);
};

/**
 * Each feature is { title, run({ ask, seen, name, answered }) }. `ask(feature, model, { key, retries })` asks the client; `seen(model)` is what the model's server saw.
 */
export const features = {
  chat: {
    title: "chat",
    run: async ({ ask, name }) => whole(await ask("chat", `chat/${name}`)),
  },
  stream: {
    title: "stream",
    async run({ ask, name }) {
      const told = await ask("stream", `stream/${name}`);
      whole(told);
      assert.ok(told.pieces > 1 || told.text === CITY.city, "it came in one piece");
    },
  },
  tools: {
    title: "two-step tools",
    async run({ ask, seen, name }) {
      const told = await ask("tools", `tools/${name}`);
      assert.equal(told.error, undefined, words(told));
      assert.match(String(told.text), /21 degrees/);
      assert.equal(seen(`tools/${name}`).requests, 2);
    },
  },
  structured: {
    title: "structured output",
    async run({ ask, name }) {
      const told = await ask("structured", `structured/${name}`);
      assert.equal(told.error, undefined, words(told));
      assert.deepEqual(told.value, CITY);
    },
  },
  embeddings: {
    title: "embeddings",
    async run({ ask, name }) {
      const told = await ask("embeddings", `embeddings/${name}`);
      assert.equal(told.error, undefined, words(told));
      assert.deepEqual(told.vectors, Array(2).fill([0.25, -0.5, 0.125]));
    },
  },
  abort: {
    title: "abort of a stream",
    async run({ ask, seen, name }) {
      const told = await ask("abort", `abort/${name}`);
      assert.ok(told.pieces > 0, words(told));
      await hungUp(seen(`abort/${name}`));
    },
  },
  leave: {
    title: "abort of a whole answer",
    async run({ ask, seen, name }) {
      const model = `abort/${name}-whole`;
      // Some clients report an abort as an error, some as an empty answer.
      await ask("leave", model);
      await hungUp(seen(model));
    },
  },
  cut: {
    title: "cut event",
    async run({ ask, seen, name }) {
      const model = `cut/${name}`;
      const told = await ask("stream", model);
      assert.ok(told.error, "it took a broken answer for a whole one");
      assert.match(words(told), BROKEN_OFF);
      assert.doesNotMatch(told.error.message.replace(BROKEN_OFF, ""), UNREADABLE);
      assert.equal(seen(model).requests, 1, "requests");
    },
  },
  limit: {
    title: "429",
    async run({ ask, seen, name }) {
      const [key, model] = [`limited-${name}`, `limit/${name}`];
      whole(await ask("chat", model, { key, retries: 0 }));
      const told = await ask("chat", model, { key, retries: 0 });
      assert.ok(told.error, "it was let through");
      assert.ok(told.error.status === 429 || LIMITED.test(words(told)), words(told));
      assert.equal(seen(model).requests, 1);
    },
  },
  slow: {
    title: "slow head",
    async run({ ask, seen, name }) {
      for (const feature of ["chat", "stream"]) {
        const model = `slow/${name}-${feature}`;
        whole(await ask(feature, model));
        assert.equal(seen(model).requests, 1, "requests");
      }
    },
  },
};

async function hungUp(counted) {
  for (let waited = 0; counted.left === 0; waited += 50) {
    if (waited > IMPATIENT) assert.fail(`nobody hung up within ${IMPATIENT / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual([counted.requests, counted.open, counted.left], [1, 0, 1]);
}

const ENDLESS = 60; // requests

/** How many times a client with its default settings asks the model's server for one call that fails. */
export async function multiplied({ ask, seen, name }) {
  const counted = seen(`down/${name}`);
  let asking = true;
  const told = ask("chat", `down/${name}`).finally(() => (asking = false));
  while (asking && counted.requests < ENDLESS) await new Promise((resolve) => setTimeout(resolve, 50));
  if (asking) return "no end";
  assert.ok((await told).error, "a failure was an answer");
  return counted.requests;
}
