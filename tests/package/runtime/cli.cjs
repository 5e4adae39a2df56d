// As cli.mjs, with the package loaded by require().
const hfetch = require("hfetch");

async function main() {
  const [runtime, url] = process.argv.slice(2);
  const { default: scenarios } = await import("../scenarios.mjs");
  const { runAll } = await import("./harness.mjs");
  const results = await runAll(scenarios, { hfetch, url, runtime });
  await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify({ results })}\n`, resolve));
  process.exit(0);
}

main();
