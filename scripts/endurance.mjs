// Writes the counts of the long runs as the page docs/endurance.md.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { figures } from "./figures.mjs";
import { root, Stop } from "./run.mjs";
import { table } from "../tests/bench/document.mjs";

const COMMANDS = {
  faults: "npm run test:faults",
  fuzz: "npm run fuzz -- --seconds 600",
  soak: "npm run soak -- --requests 300000 --runtime node24,workerd",
  memory: "npm run memory",
  overload: "npm run overload",
};

/** The property of a fuzz target, from the first comment in its file. */
async function heldBy(target) {
  const folder = join(root, "tests/fuzz");
  const files = [join(folder, `property/${target}.rs`), join(folder, `js/${target}.mjs`)];
  const [text] = (await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => null)))).filter((found) => found !== null);
  const lines = text.split("\n");
  const comment = lines.slice(0, lines.findIndex((line) => !line.startsWith("//")));
  return comment.map((line) => line.replace(/^\/\/!? /, "")).join(" ").replace(/\.$/, "");
}

const megabytes = (pair) => pair?.map((bytes) => (bytes / 1e6).toFixed(1)).join(" → ") ?? "";
const count = (number) => number.toLocaleString("en");

function faults(counted) {
  const rows = Object.entries(counted).map(([runtime, { faults, cells, answered, leftOut }]) => [runtime, ...[faults, cells, answered, cells - answered, leftOut].map(count)]);
  return table(["runtime", "faults", "cells tried", "ended in an answer", "in a typed error", "left out"], rows);
}

async function fuzz(counted) {
  const rows = await Promise.all(Object.entries(counted).sort().map(async ([target, { inputs, seconds }]) => [`\`${target}\`: ${await heldBy(target)}`, count(inputs), String(Math.round(seconds / 60))]));
  return table(["target, and what held", "inputs", "minutes"], rows);
}

function soak(counted) {
  const rows = Object.entries(counted).map(([runtime, { calls, requests, grown = {} }]) => [runtime, count(calls), count(requests), ...["heap", "wasm", "resident"].map((name) => megabytes(grown[name]))]);
  return table(["runtime", "calls", "requests", "heap, MB", "wasm, MB", "process, MB"], rows);
}

const inMegabytes = (bytes) => (bytes / 1e6).toFixed(1);

function memory({ kinds, growth }) {
  const streams = Object.entries(kinds).map(([kind, { each, held }]) => [kind, inMegabytes(each), inMegabytes(held)]);
  const left = growth.map(({ size, folded, ended, wasm }) => [`${size / 1e6}${folded ? ", and `final()`" : ""}`, ended === "ok" ? "whole" : ended, inMegabytes(wasm)]);
  return [table(["128 streams at once", "bytes of each, MB", "held for all of them, MB"], streams), table(["a client's stream, MB of text", "ended", "the module's memory afterwards, MB"], left)];
}

function overload({ bodies, tails }) {
  const milliseconds = (number) => count(Math.round(number));
  const refused = Object.entries(bodies).map(([kind, { bytes, refused, sent }]) => [kind, inMegabytes(bytes), milliseconds(refused), milliseconds(sent)]);
  const behind = Object.entries(tails).map(([kind, { half, whole }]) => [kind, milliseconds(half.ms), milliseconds(whole.ms), inMegabytes(whole.read)]);
  return [
    table(["a body of", "MB", "refused, ms of processor time", "sent, ms of processor time"], refused),
    table(["behind the finish", "2 MB, ms", "4 MB, ms", "read of 4 MB, MB"], behind),
  ];
}

/** The text of the page, from the runs that this machine has kept. */
export async function endurance() {
  const kept = {};
  for (const [kind, command] of Object.entries(COMMANDS)) {
    kept[kind] = await figures(kind);
    if (Object.keys(kept[kind]).length === 0) throw new Stop(`nothing counted of ${kind}: ${command}`);
  }
  const [streams, left] = memory(kept.memory);
  const [refused, behind] = overload(kept.overload);
  const { granted, spent, budget } = kept.overload.spending;
  return `# What hfetch withstands

These are the results of long test runs. Only runs without a failure are counted: a run that loses a call, leaves something open or breaks a property ends in an error.
\`npm run results -- --parts endurance\` writes this page from what the commands below have counted.

## Faults

\`${COMMANDS.faults}\` tries everything that can go wrong between a client and a server. A cell is one fault with one kind of call and one retry policy.
Every cell has to end in time, in the way that [the table](../tests/fault/table.json) says, with one settlement. No socket, timer, listener or reservation may stay open, and no key may be visible.
Node tries every cell that makes sense. The other runtimes try fewer cells, chosen so that every pair of fault and call, fault and policy, and call and policy occurs. The command says which cells are left out, and why.

${faults(kept.faults)}

## Fuzzing

\`${COMMANDS.fuzz}\` gives generated inputs to every part that takes bytes or data from outside, and compares what it does with a simple implementation of what it should do.
Every input that ever found a fault is kept as a file in \`tests/fuzz/corpus\` and as a test with a name of its own.

${await fuzz(kept.fuzz)}

## Soak

\`${COMMANDS.soak}\` makes random calls through one client that has several keys, limits, a price and a budget. The server fails at random, and calls are cancelled at random moments.
Client and server must agree exactly on requests, tries, tokens, settlements, keys and money. Memory must not grow: each cell shows the most memory that was held in the first half → the memory at the end.

${soak(kept.soak)}

## Memory

While a gateway hands a stream on, it keeps the stream's usage, how the stream ended and how many tokens it had, and nothing of the answer. \`${COMMANDS.memory}\` measures this.
Each row is 128 streams at once in one process. Memory is counted before their last chunk, in the heap and the WebAssembly module together. A test requires that each row stays below 64 MB.

${streams}

A client, unlike a gateway, puts a stream's answer together in the module's memory. That memory can't shrink: what the largest answer took stays, and later answers use it again.
Answers larger than \`maxAnswerBytes\`, which is 64 MiB by default, are refused. The streams of this table follow one another in one process.

${left}

## Overload

\`${COMMANDS.overload}\` measures what it costs a gateway when callers or servers send far too much. When a caller is known to be over a limit, the gateway receives the body but doesn't parse it.
The last column shows the cost of the same body when it is sent on to the model's server.

${refused}

A server may go on sending after a stream has finished. The gateway reads what comes then up to a bound, and reads it only once. Here it comes in pieces of 1 kB.

${behind}

The last run sends 1,000 calls at once through three isolates, with prompts in every member of the body and a budget of ${budget} dollars; the callers of half of them leave early. ${granted} calls reached the model's server, and ${spent} dollars were spent.
`;
}
