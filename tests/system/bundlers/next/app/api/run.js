import scenarios from "../../../../../package/scenarios.mjs";
import { runAll } from "../../../../../package/runtime/harness.mjs";

/** A route that runs the scenarios on the package that it has imported. */
export function routeFor(hfetch, runtime) {
  return async (request) => {
    const { endpoint: url, list } = Object.fromEntries(new URL(request.url).searchParams);
    return Response.json(await runAll(scenarios, { hfetch, url, runtime, list }));
  };
}
