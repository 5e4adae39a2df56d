// As cli.mjs, with the package loaded by require().
const { pathToFileURL } = require("node:url");
const { inspect } = require("node:util");
const hfetch = require("hfetch");

async function main() {
  const [runtime, url, list] = process.argv.slice(2);
  const { default: scenarios } = await import("../scenarios.mjs");
  const { runAll } = await import("./harness.mjs");
  const copies = async () => [await import(new URL("index.js", pathToFileURL(require.resolve("hfetch"))))];
  const results = await runAll(scenarios, { hfetch, url, runtime, list, copies, inspect });
  await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify({ results })}\n`, resolve));
  process.exit(0);
}

main();
