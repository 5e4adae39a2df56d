// The sum of several settlements whose calls were made as one.

const add = (a, b) => (a === null || b === null ? null : a + b);

/** The sum of settlements, given oldest first. The outcome and the provider are those of the last one. */
export function sumOf(settlements) {
  const [first] = settlements;
  const last = settlements.at(-1);
  const usage = { ...last.usage };
  for (const name of ["prompt_tokens", "completion_tokens", "total_tokens"]) usage[name] = settlements.reduce((sum, each) => sum + (each.usage[name] ?? 0), 0);
  if (settlements.some((each) => each.usage.source === "estimated" && each.usage.total_tokens > 0)) usage.source = "estimated";
  if (settlements.length > 1) {
    for (const name of ["prompt_tokens_details", "completion_tokens_details"]) delete usage[name];
  }
  // A call that used no tokens costs nothing, even if its price is unknown.
  const paid = settlements.filter((each) => each.usage.total_tokens > 0 || each.cost.usd);
  const cost = { ...(paid.at(-1) ?? last).cost };
  if (paid.length > 0) for (const name of ["usd", "inputUsd", "outputUsd"]) cost[name] = paid.map((each) => each.cost[name]).reduce(add);
  if (cost.usd === null) cost.source = "unknown";
  const tried = settlements.flatMap((each) => each.tried ?? []);
  return {
    ...last, usage, cost, ...(last.tried && { tried }),
    attempts: settlements.reduce((sum, each) => sum + each.attempts, 0),
    startedAt: first.startedAt,
    firstTokenMs: first.firstTokenMs,
    durationMs: Math.max(last.startedAt + last.durationMs - first.startedAt, 0),
  };
}
