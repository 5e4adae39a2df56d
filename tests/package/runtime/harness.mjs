// Runs the scenario list in whatever runtime imports this: no module of any runtime's own is used here.
import { assert } from "./assert.mjs";

const TIME_LIMIT = 20_000;

/** What the scenarios talk to: the stand-in endpoint, driven over HTTP so that every runtime can. */
function controlOf(url) {
  const ask = async (path, init) => {
    const response = await fetch(`${url}/s/${path}`, init);
    if (!response.ok) throw new Error(`the endpoint's control answered ${response.status}: ${await response.text()}`);
    // Not json(): in Next's edge runtime its objects are of another realm, and equal to none of ours.
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  };
  return {
    script: (id, steps) => ask(`${id}/script`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(steps) }),
    stats: (id, until) => ask(`${id}/stats${until ? `?until=${until}` : ""}`),
  };
}

/** Runs one scenario. Gives { name, area, ok, ms, error? }. */
export async function runScenario(scenario, context) {
  const { name, area } = scenario;
  const started = Date.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${TIME_LIMIT} ms`)), TIME_LIMIT);
  });
  try {
    await Promise.race([scenario.run({ ...context, control: controlOf(context.url), assert }), late]);
    return { name, area, ok: true, ms: Date.now() - started };
  } catch (error) {
    return { name, area, ok: false, ms: Date.now() - started, error: describe(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** The scenarios that can run in a context: those that find there what they need; of the short list, where `list` says "short". */
export function scenariosFor(scenarios, context) {
  return scenarios.filter(({ needs, short }) => (short || context.list !== "short") && (!needs || context[needs]));
}

/** Runs all of them, one after the other. */
export async function runAll(scenarios, context) {
  const results = [];
  for (const scenario of scenariosFor(scenarios, context)) results.push(await runScenario(scenario, context));
  return results;
}

// Stacks hold the message in V8 and don't in Firefox and Safari.
function describe(error) {
  if (!(error?.stack && error.message !== undefined)) return String(error);
  const cause = error.cause ? `\n  cause: ${error.cause?.message ?? error.cause}` : "";
  return (error.stack.includes(error.message) ? error.stack : `${error.name}: ${error.message}\n${error.stack}`) + cause;
}
