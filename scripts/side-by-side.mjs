// Runs several jobs at the same time.

/** Runs jobs in their order, `count` of them at the same time. It waits for all of them, and then throws an error of one that failed. */
export async function sideBySide(jobs, count) {
  const left = [...jobs];
  const lanes = Array.from({ length: count }, async () => {
    for (let job; (job = left.shift()); ) await job();
  });
  for (const { status, reason } of await Promise.allSettled(lanes)) if (status === "rejected") throw reason;
}
