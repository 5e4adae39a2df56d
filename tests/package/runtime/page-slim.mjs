// The same as page.mjs with the entry that loads nothing: the page says where the module is.
import { report, reportScenarios } from "./page-report.mjs";

try {
  const hfetch = await import("hfetch/slim");
  await hfetch.init("/node_modules/hfetch/dist/hfetch_bg.wasm");
  await reportScenarios(hfetch);
} catch (error) {
  await report({ error: `${error}\n${error.stack}` });
}
