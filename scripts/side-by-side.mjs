// Work that runs beside other work.

/** Does jobs in their order, so many of them at once. Every one is over when this is; an error of one is thrown then. */
export async function sideBySide(jobs, count) {
  const left = [...jobs];
  const lanes = Array.from({ length: count }, async () => {
    for (let job; (job = left.shift()); ) await job();
  });
  for (const { status, reason } of await Promise.allSettled(lanes)) if (status === "rejected") throw reason;
}
