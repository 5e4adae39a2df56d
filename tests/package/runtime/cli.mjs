// The scenarios on an imported package, for runtimes with a command line: RUNTIME cli.mjs <name> <endpoint>. Prints one line of JSON.
import * as hfetch from "hfetch";
import scenarios from "../scenarios.mjs";
import { runAll } from "./harness.mjs";

const [runtime, url] = process.argv.slice(2);
const results = await runAll(scenarios, { hfetch, url, runtime });
// Not console.log: Node may exit before a pipe has taken it all.
await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify({ results })}\n`, resolve));
process.exit(0);
