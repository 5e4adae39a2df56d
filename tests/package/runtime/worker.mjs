// The scenarios in a Worker, each in a request of its own: I/O objects belong to the request that made them.
import * as hfetch from "hfetch";
import scenarios from "../scenarios.mjs";
import { runScenario, scenariosFor } from "./harness.mjs";

export default {
  async fetch(request) {
    const parameters = new URL(request.url).searchParams;
    const chosen = scenariosFor(scenarios, "workerd");
    const scenario = chosen.find(({ name }) => name === parameters.get("name"));
    if (!scenario) return Response.json(chosen.map(({ name }) => name));
    return Response.json(await runScenario(scenario, { hfetch, url: parameters.get("endpoint"), runtime: "workerd" }));
  },
};
