// A soak on Node: node --expose-gc soak-node.mjs '<setting as JSON>'. Prints a line of JSON for each sample, and the result as the last.
import { held } from "./globals.mjs";
import { setTimer, timersLeft } from "./timers.mjs";
import { Traffic } from "./traffic.mjs";

const AT_ONCE = 32;
const SAMPLES = 20;

const { requests, seed, hosts, until } = JSON.parse(process.argv[2]);
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(`unhandled rejection: ${reason?.stack ?? reason}`));
const traffic = new Traffic(await import("hfetch"), hosts, seed);
const samples = [];
for (let at = 0; at < SAMPLES && Date.now() < until; at++) {
  await traffic.make(Math.ceil(requests / SAMPLES), AT_ONCE, until);
  // Objects that are finalised in one round are gone after the next.
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimer(resolve, 20));
  }
  const { heapUsed, rss } = process.memoryUsage();
  samples.push({ seconds: Math.round(performance.now() / 1000), resident: rss, heap: heapUsed, ...held() });
  console.log(JSON.stringify(samples.at(-1)));
}
const wrong = [...traffic.wrong, ...unhandled, ...(await traffic.leftovers(timersLeft))];
await new Promise((resolve) => process.stdout.write(`${JSON.stringify({ books: traffic.books, samples, wrong })}\n`, resolve));
process.exit(0);
