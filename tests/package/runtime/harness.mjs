// Runs the list of scenarios in the runtime that imports this. This file uses no modules of a particular runtime.
import { assert } from "./assert.mjs";

const TIME_LIMIT = 20_000;

/** The stand-in endpoint, controlled over HTTP so that every runtime can do it. */
function controlOf(url) {
  const ask = async (path, init) => {
    const response = await fetch(`${url}/s/${path}`, init);
    if (!response.ok) throw new Error(`the endpoint's control answered ${response.status}: ${await response.text()}`);
    // This isn't json(): in Next's edge runtime its objects belong to another realm and never equal ours.
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  };
  return {
    script: (id, steps) => ask(`${id}/script`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(steps) }),
    stats: (id, until) => ask(`${id}/stats${until ? `?until=${until}` : ""}`),
  };
}

/** Runs one scenario. Returns { name, area, ok, ms, error? }. */
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

/** The scenarios that can run in a context because it has what they need; only those of the short list if `list` is "short". */
export function scenariosFor(scenarios, context) {
  return scenarios.filter(({ needs, short }) => (short || context.list !== "short") && (!needs || context[needs]));
}

/** Runs all scenarios, one after the other. */
export async function runAll(scenarios, context) {
  const results = [];
  for (const scenario of scenariosFor(scenarios, context)) results.push(await runScenario(scenario, context));
  return results;
}

// Stacks contain the message in V8, but not in Firefox and Safari.
function describe(error) {
  if (!(error?.stack && error.message !== undefined)) return String(error);
  const cause = error.cause ? `\n  cause: ${error.cause?.message ?? error.cause}` : "";
  return (error.stack.includes(error.message) ? error.stack : `${error.name}: ${error.message}\n${error.stack}`) + cause;
}
