// A page without a bundler: the browser itself loads the package, through the page's import map.
import { report, reportScenarios } from "./page-report.mjs";

try {
  await reportScenarios(await import("hfetch"));
} catch (error) {
  await report({ error: `${error}\n${error.stack}` });
}
