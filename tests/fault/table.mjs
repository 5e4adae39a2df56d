// The table of ends: a full run writes it, and every run compares with it. An end is the error's name, the error's details, and the number of
// requests that the endpoint counted.
import { ALIKE, CALLS, POLICIES } from "./plan.mjs";

const NO_CELL = "–";

/** The table's text: for each fault the ends under each policy, by call if calls differ, and by runtime if one differs from Node. */
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
    const own = Object.entries(found.ends).filter(([name]) => !(name.split(" / ")[1] in ALIKE));
    const differing = own.filter(([name, end]) => end !== expectedEnd(table, runtime, name));
    table.differences[runtime] = Object.fromEntries(differing.sort(([one], [other]) => (one < other ? -1 : 1)));
  }
  return `${JSON.stringify(table, null, 1)}\n`;
}

/** The end of a cell in a runtime. */
export function expectedEnd(table, runtime, name) {
  const [fault, named, policy] = name.split(" / ");
  const call = ALIKE[named] ?? named;
  const other = table.differences[runtime]?.[`${fault} / ${call} / ${policy}`];
  if (other !== undefined) return other;
  const rows = table.ends[fault];
  const row = typeof rows === "string" ? rows : Object.entries(rows ?? {}).find(([calls]) => calls.split(", ").includes(call))?.[1];
  return row?.split(" | ")[Object.keys(POLICIES).indexOf(policy)];
}
