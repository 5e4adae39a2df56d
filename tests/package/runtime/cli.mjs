// The scenarios on an imported package, for runtimes with a command line: RUNTIME cli.mjs <name> <endpoint> <list>. Prints one line of JSON.
import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import * as hfetch from "hfetch";
import scenarios from "../scenarios.mjs";
import { runAll } from "./harness.mjs";

const [runtime, url, list] = process.argv.slice(2);
const entry = import.meta.resolve("hfetch");
const slim = async () => {
  const copy = await import("hfetch/slim");
  await copy.init(readFile(new URL("hfetch_bg.wasm", entry)));
  return copy;
};
// Deno runs without the permission to read files.
const copies = async () => [await import(new URL("index.js?again", entry)), ...(runtime === "deno" ? [] : [await slim()])];
const statements = parseInt(process.versions.node) >= 24 ? await import("./using.mjs") : undefined;
const results = await runAll(scenarios, { hfetch, url, runtime, list, copies, statements, inspect });
// This isn't console.log, since Node may exit before a pipe has taken all of it.
await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify({ results })}\n`, resolve));
process.exit(0);
