// A soak in a Worker: each request to the Worker sends a part of the traffic, through the module's one client.
import { held } from "./globals.mjs";
import { setTimer, timersLeft } from "./timers.mjs";
import { Traffic } from "./traffic.mjs";

const hfetch = await import("hfetch");

// A Worker may have six connections open at once.
const AT_ONCE = 6;
// When a request ends, its timers vanish unseen. A call's timer that is left waits for the end of a body, no longer than this.
const AFTERWARDS = 200; // ms

const unhandled = [];
addEventListener("unhandledrejection", ({ reason }) => unhandled.push(`unhandled rejection: ${reason?.stack ?? reason}`));
let traffic;

/** The held objects after garbage collection; those that are finalised in one round are gone after the next. */
async function collected() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimer(resolve, 20));
  }
  return held();
}

export default {
  async fetch(request) {
    const { calls, collect, hosts, seed } = await request.json();
    traffic ??= new Traffic(hfetch, hosts, seed);
    if (collect) return Response.json(await collected());
    if (!calls) return Response.json({ books: traffic.books, wrong: [...traffic.wrong, ...unhandled, ...(await traffic.leftovers(timersLeft))] });
    await traffic.make(calls, AT_ONCE);
    await new Promise((resolve) => setTimer(resolve, AFTERWARDS));
    return new Response("{}");
  },
};

/** The server's configuration needs this name. */
export class LimitObject {}
