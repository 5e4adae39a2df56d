// The cells on Node: node.mjs '<setting as JSON>'. Prints one line of JSON.
import "./timers.mjs";
import { runPlan } from "./run.mjs";

const { plan, only, entry = "hfetch", ...setting } = JSON.parse(process.argv[2]);
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(`unhandled rejection: ${reason?.stack ?? reason}`));
const hfetch = await import(entry);
const result = await runPlan(plan, { hfetch, run: "node", ...setting }, { atOnce: 24, only });
result.broken.push(...unhandled);
await new Promise((resolve) => process.stdout.write(`\n${JSON.stringify(result)}\n`, resolve));
process.exit(0);
