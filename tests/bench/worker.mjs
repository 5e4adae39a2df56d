// A contender inside workerd, whose clock stands still: the Worker is told what to run, and its host measures the process.
import { jobs } from "./contender.mjs";

const prepared = new Map();

export default {
  async fetch(request) {
    const { library, only, job, runs } = Object.fromEntries(new URL(request.url).searchParams);
    const list = jobs(library, only);
    if (job === undefined) return Response.json(list.map(({ kind, workload, size, events }) => ({ kind, workload, size, events })));
    const key = `${library} ${only} ${job}`;
    if (!prepared.has(key)) prepared.set(key, await list[job].prepare());
    for (let run = 0; run < Number(runs); run++) await prepared.get(key)();
    return new Response();
  },
};
