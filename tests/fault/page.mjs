// The cells in a page. Its address contains the endpoints' addresses and the one for the results.
import "./timers.mjs";
import { runPlan } from "./run.mjs";

const parameters = new URL(location.href).searchParams;
const report = (body) => fetch(parameters.get("report"), { method: "POST", mode: "no-cors", body: JSON.stringify(body) });
const unhandled = [];
addEventListener("unhandledrejection", ({ reason }) => unhandled.push(`unhandled rejection: ${reason?.stack ?? reason}`));

try {
  const { plan, only, ...setting } = JSON.parse(parameters.get("endpoint"));
  // A browser opens six connections to an origin, so stalled answers must leave some for the endpoint's control.
  const results = await runPlan(plan, { hfetch: await import("hfetch"), run: parameters.get("runtime"), ...setting }, { atOnce: 4, only });
  results.broken.push(...unhandled);
  await report({ results });
} catch (error) {
  await report({ error: `${error}\n${error.stack}` });
}
