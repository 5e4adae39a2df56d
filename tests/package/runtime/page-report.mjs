// Runs the scenarios in a page and sends the results to the server that opened it. The page's address says where that server is (`report`, by default
// the page's own server), which `endpoint` to use, which `runtime` this is, and which `list` to run.
import scenarios from "../scenarios.mjs";
import { runAll } from "./harness.mjs";

const parameters = new URL(location.href).searchParams;

export async function report(body) {
  await fetch(parameters.get("report") ?? "/report", { method: "POST", mode: "no-cors", body: JSON.stringify(body) });
}

addEventListener("error", ({ message }) => report({ error: message }));
addEventListener("unhandledrejection", ({ reason }) => report({ error: String(reason?.stack ?? reason) }));

/** `around`: which of the scenarios' needs this page can satisfy. */
export async function reportScenarios(hfetch, around = {}) {
  const results = await runAll(scenarios, { ...around, hfetch, url: parameters.get("endpoint"), runtime: parameters.get("runtime"), list: parameters.get("list") });
  await report({ results });
}
