// What the long runs counted, as the page docs/endurance.md.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { figures } from "./figures.mjs";
import { root, Stop } from "./run.mjs";
import { table } from "../tests/bench/document.mjs";

const COMMANDS = {
  faults: "npm run test:faults",
  fuzz: "npm run fuzz -- --seconds 600",
  soak: "npm run soak -- --requests 1000000 --runtime node24,workerd",
  memory: "npm run memory",
  overload: "npm run overload",
};

/** What a fuzz target holds, in the first sentence of its property. */
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

/** The page's text, of the runs that this machine has kept. */
export async function endurance() {
  const kept = {};
  for (const [kind, command] of Object.entries(COMMANDS)) {
    kept[kind] = await figures(kind);
    if (Object.keys(kept[kind]).length === 0) throw new Stop(`nothing counted of ${kind}: ${command}`);
  }
  const [streams, left] = memory(kept.memory);
  const [refused, behind] = overload(kept.overload);
  const { granted, spent, budget } = kept.overload.spending;
  return `# What it withstands

Each figure is of a run in which nothing was lost: one that loses a call, leaves something open or breaks a property ends in an error, and is not counted.
\`npm run results -- --parts endurance\` writes this page from what the commands below have counted.

## Faults

Everything that can go wrong between a client and a server, met by each kind of call under each policy of retries: \`${COMMANDS.faults}\`. A cell has to end in time,
as [the table](../tests/fault/table.json) says, in one settlement, with no open socket, timer, listener or reservation left and no key to be seen. Node tries every cell that makes sense;
the others a set in which every two of fault, call and policy meet. The command says which cells are left out, and why.

${faults(kept.faults)}

## Fuzzing

What takes bytes or foreign data, against a plain reading of what it should do: \`${COMMANDS.fuzz}\`. What was ever found is a file of \`tests/fuzz/corpus\` and a named test.

${await fuzz(kept.fuzz)}

## Soak

Random calls through one client with several keys, limits, a price and a budget, against a server that fails at random, and cancels at random moments: \`${COMMANDS.soak}\`.
Requests, tries, tokens, settlements, keys and money agree on both sides to the last one, and memory stays flat: the most that was held in the first half → at the end.

${soak(kept.soak)}

## Memory

A gateway keeps of a stream its usage, how it ended and how many tokens were in it, and nothing of the answer: \`${COMMANDS.memory}\`. Each row is 128 streams at once in one process,
counted before their last chunk, in the heap and the module together; a test holds each below 64 MB.

${streams}

A client puts a stream's answer together, in the module's memory, which can't shrink: what the largest answer took is there for the next ones. Answers beyond \`maxAnswerBytes\`, 64 MiB, are refused.
The streams of this table follow one another in one process.

${left}

## Overload

What callers and servers who overdo it cost a gateway: \`${COMMANDS.overload}\`. A body whose caller is known to be over a limit is received, and passed over without being read;
beside it stands what the same body costs that is sent on.

${refused}

What a server sends behind the finish of a stream, in pieces of 1 kB, is read up to a bound, and once.

${behind}

1,000 calls at once through three isolates, with prompts in every member of a body, of half of which the callers leave early, against a budget of ${budget} dollars: ${granted} reached the model's server, and ${spent} dollars were spent.
`;
}
