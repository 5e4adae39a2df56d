// The table of ends: written by a full run, compared by every run. An end is the error's name, what it says of itself, and how
// many requests the endpoint counted.
import { CALLS, POLICIES } from "./plan.mjs";

const NO_CELL = "–";

/** The table's text: of each fault the ends under each policy, by call where calls differ, and where a runtime differs from Node. */
export function tableOf({ node, ...others }) {
  const ends = {};
  const faults = new Set(Object.keys(node.ends).map((name) => name.split(" / ")[0]));
  for (const fault of [...faults].sort()) {
    const rows = new Map();
    for (const call of CALLS) {
      const row = Object.keys(POLICIES).map((policy) => node.ends[`${fault} / ${call} / ${policy}`] ?? NO_CELL);
      if (row.every((end) => end === NO_CELL)) continue;
      const text = row.join(" | ");
      rows.set(text, [...(rows.get(text) ?? []), call]);
    }
    ends[fault] = rows.size === 1 ? [...rows.keys()][0] : Object.fromEntries([...rows].map(([text, calls]) => [calls.join(", "), text]));
  }
  const table = { policies: Object.keys(POLICIES).join(" | "), ends, differences: {} };
  for (const [runtime, found] of Object.entries(others)) {
    const differing = Object.entries(found.ends).filter(([name, end]) => end !== expectedEnd(table, runtime, name));
    table.differences[runtime] = Object.fromEntries(differing.sort(([one], [other]) => (one < other ? -1 : 1)));
  }
  return `${JSON.stringify(table, null, 1)}\n`;
}

/** The end of a cell in a runtime. */
export function expectedEnd(table, runtime, name) {
  const other = table.differences[runtime]?.[name];
  if (other !== undefined) return other;
  const [fault, call, policy] = name.split(" / ");
  const rows = table.ends[fault];
  const row = typeof rows === "string" ? rows : Object.entries(rows ?? {}).find(([calls]) => calls.split(", ").includes(call))?.[1];
  return row?.split(" | ")[Object.keys(POLICIES).indexOf(policy)];
}
