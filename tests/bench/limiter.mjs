// One pair of reserve and settle on the public limiter, after a minute that is full of other pairs.
import { RateLimiter } from "hfetch";

const PAIRS = 200_000;
const BEAT = 250; // ms between two requests, of which a minute holds 240

function pairs(limits) {
  const limiter = new RateLimiter(limits);
  let now = 0;
  return () => {
    for (let pair = 0; pair < PAIRS; pair++) {
      now += BEAT;
      const granted = limiter.reserve(500, now);
      if (!granted.ok) throw new Error("the limiter refused");
      limiter.settle(granted.reservation, 400, now + BEAT / 2);
    }
  };
}

const workloads = {
  "requests a minute": { requestsPerMinute: 1_000_000 },
  "requests and tokens a minute, requests a month": { requestsPerMinute: 1_000_000, tokensPerMinute: 1e9, requestsPerMonth: 1e9 },
};
for (const [workload, limits] of Object.entries(workloads)) {
  const run = pairs(limits);
  run();
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    run();
    console.log(JSON.stringify({ kind: "limiter", library: "hfetch", workload, size: 0, ns: ((performance.now() - start) * 1e6) / PAIRS }));
  }
}
