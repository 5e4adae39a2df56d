// A soak in a Worker: each request to it is a part of the traffic, through the one client of the module.
import { held } from "./globals.mjs";
import * as hfetch from "hfetch";
import { timersLeft } from "./timers.mjs";
import { Traffic } from "./traffic.mjs";

// A Worker may have six connections open at once.
const AT_ONCE = 6;

const unhandled = [];
addEventListener("unhandledrejection", ({ reason }) => unhandled.push(`unhandled rejection: ${reason?.stack ?? reason}`));
let traffic;

export default {
  async fetch(request) {
    const { calls, hosts, seed } = await request.json();
    traffic ??= new Traffic(hfetch, hosts, seed);
    if (calls) {
      await traffic.make(calls, AT_ONCE);
      return Response.json(held());
    }
    return Response.json({ books: traffic.books, wrong: [...traffic.wrong, ...unhandled, ...(await traffic.leftovers(timersLeft))] });
  },
};
