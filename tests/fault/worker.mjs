// The cells in a Worker, each in a request of its own, since I/O objects belong to the request that made them.
import * as hfetch from "hfetch";
import { runCell } from "./cell.mjs";
import { everyCell, nameOf } from "./plan.mjs";
import { timersLeft } from "./timers.mjs";

const unhandled = [];
addEventListener("unhandledrejection", ({ reason }) => unhandled.push(`unhandled rejection: ${reason?.stack ?? reason}`));
let cells;

export default {
  async fetch(request) {
    const { name, ...setting } = await request.json();
    if (name === undefined) return Response.json({ left: await timersLeft(), unhandled });
    cells ??= new Map(everyCell().cells.map((cell) => [nameOf(cell), cell]));
    return Response.json(await runCell(cells.get(name), { hfetch, run: "workerd", ...setting }));
  },
};
