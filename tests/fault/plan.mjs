// Lists the cells: faults × calls × policies, either all of them or a set in which every pair of values occurs.
import { FAULTS } from "./faults.mjs";

export const CALLS = ["chat", "stream", "text", "final", "readable", "embeddings", "models"];

/** Text completions, each with the call that ends in the same way at a fault: the table has no rows of their own. */
export const ALIKE = { completion: "chat", "completion stream": "final" };

/** How many times the fault happens, and what the client may do about it. */
export const POLICIES = {
  none: { times: 1, options: { retry: false } },
  retry: { times: 1, options: { retry: { maxAttempts: 2, baseDelay: 1 } } },
  spent: { times: 2, options: { retry: { maxAttempts: 2, baseDelay: 1 } } },
  keys: { times: 2, options: { retry: { maxAttempts: 3, baseDelay: 1 } }, keys: 3 },
};

/** Why a cell makes no sense, or nothing. */
function pointless({ fault, call, policy }, runtime) {
  const fits = fault.calls?.(call) ?? true;
  if (fits !== true) return fits;
  if (fault.family === "shape" && call in ALIKE) return "its fields have tests of their own";
  if (fault.at && policy === "spent") return "where nobody listens, the fault comes every time";
  if (fault.family === "shape" && policy !== "none" && policy !== "retry") return "an answer is not asked for again: one policy with retries shows it";
  if (runtime === "chromium" && (fault.resent || fault.status === 408)) return "a browser sends again by itself what a connection in use lost, and after a 408";
  if (runtime === "workerd" && fault.spoils) return "workerd sends the next request over the connection on which nobody's bytes still lie";
  return null;
}

/** All cells that make sense in a runtime, and why the others were left out: { cells, leftOut: {why: count} }. */
export function everyCell(runtime) {
  const cells = [];
  const leftOut = {};
  for (const fault of FAULTS) {
    for (const call of [...CALLS, ...Object.keys(ALIKE)]) {
      for (const policy of Object.keys(POLICIES)) {
        const cell = { fault, call, policy };
        const why = pointless(cell, runtime);
        if (why) leftOut[why] = (leftOut[why] ?? 0) + 1;
        else cells.push(cell);
      }
    }
  }
  return { cells, leftOut };
}

// The values whose pairs are counted: for a status its code and its form separately, for a form its place and its value.
function valuesOf({ fault, call, policy }) {
  if (fault.family === "status") return [`status ${fault.status}`, `form ${fault.form}`, `call ${call}`, `policy ${policy}`];
  if (fault.family === "shape") return [`place ${fault.place}`, `odd ${fault.odd}`, `shape call ${call}`, `shape policy ${policy}`];
  return [`fault ${fault.name}`, `any call ${call}`, `any policy ${policy}`];
}

function pairsOf(cell) {
  const values = valuesOf(cell);
  return values.flatMap((one, at) => values.slice(at + 1).map((other) => `${one} × ${other}`));
}

/** A set of cells in which every possible pair of values occurs, found greedily; it is the same set every time. */
export function pairwiseCells(runtime) {
  const { cells, leftOut } = everyCell(runtime);
  const waiting = cells.filter(({ call }) => !(call in ALIKE)).map((cell) => ({ cell, pairs: pairsOf(cell) }));
  const open = new Set(waiting.flatMap(({ pairs }) => pairs));
  const chosen = [];
  for (let wanted = 6; wanted > 0; wanted--) {
    for (const { cell, pairs } of waiting) {
      if (pairs.filter((pair) => open.has(pair)).length < wanted) continue;
      chosen.push(cell);
      for (const pair of pairs) open.delete(pair);
    }
  }
  // If a runtime differs from Node, the table says so for the chosen cells; equal cells are added to them.
  const names = new Set(chosen.map(nameOf));
  chosen.push(...cells.filter(({ call, ...cell }) => call in ALIKE && names.has(nameOf({ ...cell, call: ALIKE[call] }))));
  return { cells: chosen, leftOut: { ...leftOut, "their values meet each other in other cells": cells.length - chosen.length } };
}

export const nameOf = ({ fault, call, policy }) => `${fault.name} / ${call} / ${policy}`;
