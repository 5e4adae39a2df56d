// A page without a bundler: the browser itself loads the package, through the page's import map.
import { report, reportScenarios } from "./page-report.mjs";

try {
  const copies = async () => {
    const slim = await import("hfetch/slim");
    await slim.init("/node_modules/hfetch/dist/hfetch_bg.wasm");
    return [slim, await import("/node_modules/hfetch/dist/index.js?again")];
  };
  await reportScenarios(await import("hfetch"), { copies });
} catch (error) {
  await report({ error: `${error}\n${error.stack}` });
}
