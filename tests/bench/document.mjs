// What the bench measured as a page of ratios: how many times longer the others take. Above 1 hfetch is faster.

import { ANSWERS } from "./workloads.mjs";

const STREAMS = {
  "single slot": "one text changes (most servers)",
  multilingual: "the same in many scripts",
  reasoning: "reasoning, then text",
  together: "two texts and a number change (Together)",
  "usage in every chunk": "text and usage change (Hyperbolic, Novita)",
  "id, created and usage change": "id, time, text and usage change",
  "no two alike": "true, false and null change places",
  "keys in any order": "keys come in any order: no template fits",
  "escaped text": "every other character is an escape",
  "one large text": "400 KB of text in one event",
  "one large tool call": "480 KB of a tool's arguments in one event",
  logprobs: "20 log probabilities a token",
  "tool arguments": "2 KB of a tool's arguments a chunk",
};
const FORMS = { 16384: "16 KiB", 0: "one event" };

/** Finds one median. */
export function finder(figures) {
  return (library, workload, size = 0) => figures.find((figure) => figure.library === library && figure.workload === workload && figure.size === size)?.median;
}

const ratio = (theirs, ours) => (theirs && ours ? short(theirs / ours) : "–");
const short = (value) => (value < 100 ? value.toPrecision(2) : String(Math.round(value)));

/** A table in Markdown: the first column is text, the others are figures. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

function streams(figures) {
  const find = finder(figures);
  const rows = Object.entries(STREAMS).flatMap(([workload, meaning]) =>
    Object.keys(FORMS).reverse().map((size) => {
      const of = (library) => find(library, workload, Number(size));
      const ours = of("hfetch");
      const cells = ["eventsource-parser", "@huggingface/inference", "openai", "JSON.parse floor"].map((library) => ratio(of(library), ours));
      return [meaning, FORMS[size], ...cells, ratio(of("eventsource-parser"), of("hfetch text()"))];
    }),
  );
  return table(["what changes from chunk to chunk", "network chunk", "eventsource-parser + JSON.parse", "@huggingface/inference", "openai", "JSON.parse alone", "`text()` against eventsource-parser"], rows);
}

function others(measured) {
  const rows = ["node", "chromium", "deno", "bun", "workerd"].flatMap((runtime) => {
    const find = finder(measured[runtime].figures);
    return [16384, 0].map((size) => {
      const ours = find("hfetch", "single slot", size);
      const cells = ["eventsource-parser", "@huggingface/inference", "openai", "JSON.parse floor", "read floor"].map((library) => ratio(find(library, "single slot", size), ours));
      return [runtime, FORMS[size], ...cells];
    });
  });
  return table(["runtime", "network chunk", "eventsource-parser + JSON.parse", "@huggingface/inference", "openai", "JSON.parse alone", "reading alone"], rows);
}

/** What a call costs: one of a beginning and an end, and short answers. */
function calls(measured) {
  const kinds = [["a beginning and an end", "a whole call", 16384], ...ANSWERS.map((count) => [`${count} chunks, one event per network chunk`, `a call of ${count} chunks`, 0])];
  const rows = ["node", "chromium", "workerd"].flatMap((runtime) => {
    const find = finder(measured[runtime].figures);
    return kinds.map(([meaning, workload, size]) => [
      runtime,
      meaning,
      ...["eventsource-parser", "@huggingface/inference", "openai"].map((library) => ratio(find(library, workload, size), find("hfetch", workload, size))),
    ]);
  });
  return table(["runtime", "a whole call whose stream holds", "eventsource-parser + JSON.parse", "@huggingface/inference", "openai"], rows);
}

function layers(measured) {
  const find = finder([...measured.node.figures, ...measured["node-ai"].figures]);
  const rows = ["eventsource-parser stream", "AI SDK raw parts", "AI SDK streamText"].map((library) => [
    library,
    ...[16384, 0].map((size) => ratio(find(library, "single slot", size), find("hfetch", "single slot", size))),
  ]);
  return table(["", "16 KiB", "one event"], rows);
}

function embeddings(figures) {
  const find = finder(figures);
  const rows = ["64×1024", "1000×1024"].flatMap((size) =>
    ["float", "base64"].map((format) => {
      const workload = `embeddings ${size} ${format}`;
      return [size, format, ...["JSON.parse + Float32Array", "openai"].map((library) => ratio(find(library, workload), find("hfetch", workload)))];
    }),
  );
  return table(["rows", "format", "by hand (JSON.parse, atob)", "openai"], rows);
}

function starts(measured) {
  const steps = [
    ["Node", "start-node", "import and construct"],
    ["Node", "start-node", "first request"],
    ["Chromium", "start-chromium", "import and construct"],
    ["Chromium", "start-chromium", "first request"],
    ["Chromium, `hfetch/slim`", "start-chromium", "import and construct", "hfetch/slim"],
    ["Chromium, `hfetch/slim`", "start-chromium", "first request", "hfetch/slim"],
    ["workerd", "start-workerd", "import, construct and first request"],
  ];
  const rows = steps.map(([runtime, part, workload, entry = "hfetch"]) => {
    const find = finder(measured[part].figures);
    return [runtime, workload, ...["openai", "@huggingface/inference", "AI SDK"].map((library) => ratio(find(library, workload), find(entry, workload)))];
  });
  return table(["runtime", "", "openai", "@huggingface/inference", "AI SDK"], rows);
}

function linear(figures) {
  const tenths = figures.filter(({ workload, median }) => workload.startsWith("events to") && median > 0).map(({ median }) => median);
  const sorted = tenths.toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  const [early, last] = [figures.find(({ workload }) => workload.startsWith("events to")), figures.filter(({ workload }) => workload.startsWith("events to")).at(-1)];
  return { tenths: tenths.map((time) => (time / middle).toFixed(2)).join(" · "), heap: (last.heapMiB / early.heapMiB).toFixed(2), wasm: (last.wasmMiB - early.wasmMiB).toFixed(1) };
}

const GATEWAY = [
  ["requests a second, 32 at once", "requests a second"],
  ["time of a request", "ms of a request"],
  ["time to the first byte, 25 streams at once", "ms to the first byte, 25 at once"],
  ["processor time of a stream, one event per network chunk", "CPU ms, one event per network chunk"],
  ["the same in 16 KiB chunks", "CPU ms, 16 KiB a network chunk"],
];
const GATEWAYS = ["pass-through in JavaScript", "hfetch, limits in memory", "hfetch, Durable Object", "Portkey"];

function gateways(figures) {
  const find = finder(figures);
  const rows = GATEWAY.map(([meaning, workload]) => [meaning, ...GATEWAYS.map((library) => ratio(find(library, workload), find("bare pass-through", workload)))]);
  return table(["", ...GATEWAYS], rows);
}

/** A time in ns as ms. */
const ms = (ns) => (ns < 1e6 ? (ns / 1e6).toFixed(1) : String(Math.round(ns / 1e6)));

/** What a page's visitor could notice, in ms of work on the page's thread. */
export function felt({ chromium, "start-chromium": start }) {
  const stream = finder(chromium.figures);
  const begin = finder(start.figures);
  const rows = [
    ["import and construct", (library) => begin(library, "import and construct")],
    ["the first request", (library) => begin(library, "first request")],
    ["1,000 tokens, each an event of its own", (library) => stream(library, "single slot", 0) * 1_000],
  ];
  const of = (library) => rows.map(([, time]) => time(library));
  const [ours, theirs] = ["hfetch", "openai"].map(of);
  const sum = (times) => times.reduce((total, time) => total + time, 0);
  return `## What a page feels

Nothing that tells hfetch from \`openai\`: they are ${ms(Math.abs(sum(theirs) - sum(ours)))} ms apart in all of this together. In Chromium, on ${chromium.date}, a page's thread worked so many milliseconds
for each of them; those of the tokens are spread over the seconds in which the model writes.

${table(["ms", "hfetch", "openai"], [...rows.map(([what], at) => [what, ms(ours[at]), ms(theirs[at])]), ["together", ms(sum(ours)), ms(sum(theirs))]])}`;
}

/** What loading a page takes: bytes on the wire, and the time until its input is ready. */
export function loads({ load }) {
  const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`;
  const rows = load.figures.map(({ library, median, early, bytes }) => [library, `${(median / 1e9).toFixed(2)} s`, kilobytes(early), kilobytes(bytes)]);
  return `## How soon a page is ready

A small React chat with each library, minified by esbuild and compressed with brotli, in Chromium as on a phone: 1.6 Mbit/s, 150 ms there and back, a processor four times slower.
Measured on ${load.date} with \`npm run bench -- --load\`. \`hfetch/web\` takes its WebAssembly as a file that comes while the page is being made.

${table(["", "until the input is ready", "had come by then", "in all"], rows)}`;
}

/** What reading an answer costs a page that writes it into its document. */
export function pages({ page }) {
  const ours = page.figures.find(({ library }) => library === "hfetch").median;
  const rows = page.figures.map(({ library, median }) => [library, ms(median), ratio(median, ours)]);
  return `## An answer in a page

2,000 tokens, each an event in a network chunk of its own, written into a document as they come, in Chromium on a processor four times slower: the milliseconds for which
the page's thread ran script, from the load of the page to the last token, the document's own part of each write among them. Measured on ${page.date} with \`npm run bench -- --runtime page\`.

${table(["", "ms", "divided by hfetch's"], rows)}`;
}

/** Whether the gateway's processor time for a stream is less than a millisecond above the other's. */
function withinMillisecond(figures, workload, other) {
  const find = finder(figures);
  return find("hfetch, limits in memory", workload) - find(other, workload) < 1 ? "yes" : "no";
}

/** The whole page; `measured` has what each part of the bench gave. */
export function document(measured) {
  const { date, machine, figures } = measured.node;
  const { tenths, heap, wasm } = linear(measured.linear.figures);
  return `# How fast it is

Measured on ${date}: ${machine}, Node 24, and the other runtimes in their versions of \`tests/package/runtime\`. \`npm run results\` writes this page.

${felt(measured)}

${loads(measured)}

${pages(measured)}

From here on every figure is a ratio: the time of the others divided by hfetch's, above 1 hfetch is faster. Each library runs in its own process through its public API
with an injected fetch, rounds are interleaved, medians are taken, and in Node the clock is that of the thread. hfetch does all it does in use: framing, decoding, folding, accounting, one settlement.
Other work on the machine moves a ratio by a tenth or two.

![Ratios of the single-slot stream and others](results.svg)

## Streams, Node

4,000 chunks (fewer where they are large), read with \`for await\`. Rows of "one event" mean that each event comes as a network chunk of its own, where reading the stream is most of the work.
The last column is \`text()\`, which gives what a network chunk brought as one piece.

${streams(figures)}

Some libraries wrap others:

${layers(measured)}

## Calls

Whole calls, from \`create()\` to the settlement: of a beginning and an end, so that nothing but the cost of a call is left, and with short answers.

${calls(measured)}

Keys, limits, prices, timeouts and the settlement cost something: below about a hundred chunks in large network chunks the plainer libraries are done sooner.
Such a call crosses the border between JavaScript and the module 12 times, allocations of strings and its network chunk among them; more are not allowed (\`tests/package/crossings.test.mjs\`).

## Streams elsewhere

${others(measured)}

## Embeddings

One response of all rows, \`batchSize: 1000\`, into a Float32Array each.

${embeddings(figures)}

## Start-up

${starts(measured)}

In Chromium it is the time for which the page's main thread works: loading, and parsing on other threads, keep no page from answering its user.
In workerd, where the clock stands still, it is the processor time of the whole process less that of an empty Worker.

## Long streams

1,000,000 events through one stream, time per event by tenths against their median: ${tenths}.
The heap after the last event is ${heap} times that after the first hundredth; the WebAssembly memory has grown by ${wasm} MiB, which is the answer's text, kept for \`final()\`.

## The limiter

A pair of reserve and settle through \`RateLimiter\` with a full minute behind it takes less than 200 ns: ${finder(measured.limiter.figures)("hfetch", "requests a minute") < 200 ? "yes" : "no"};
with tokens and months counted too: ${finder(measured.limiter.figures)("hfetch", "requests and tokens a minute, requests a month") < 200 ? "yes" : "no"}.

## At the edge

The gateway beside a Worker that hands the upstream's answer on untouched: each figure is divided by that Worker's, so less is better, but for the first row, where more is.
All of them are in workerd but Portkey, which is in Node. Streams have 1,000 tokens.

${gateways(measured.gateway.figures)}

A request through the Durable Object waits for a disk: what the object has answered is stored. Whoever asks at once is written at once: 25 wait less than
twice as long as one does, where a write for each of them would make it fifteen times.

A body that no script touches is pumped by workerd itself, and as soon as one does, each network chunk costs two entries into JavaScript, one for its read and one for its write, whatever is done with it:
that is what the pass-through in JavaScript shows, the plainest there can be, whose reader gets most network chunks in two pieces.
Less than a millisecond of processor time for 1,000 tokens above the bare pass-through: in 16 KiB chunks ${withinMillisecond(measured.gateway.figures, "CPU ms, 16 KiB a network chunk", "bare pass-through")},
one event per network chunk ${withinMillisecond(measured.gateway.figures, "CPU ms, one event per network chunk", "bare pass-through")}; above the pass-through in JavaScript
${withinMillisecond(measured.gateway.figures, "CPU ms, 16 KiB a network chunk", "pass-through in JavaScript")} and ${withinMillisecond(measured.gateway.figures, "CPU ms, one event per network chunk", "pass-through in JavaScript")}.

## What the limits are

- **A chunk in a large network chunk.** Comparing it in WebAssembly is a quarter of its time, making its objects and strings two fifths, a step of \`for await\` a fifth, collecting the garbage the rest.
  The step can't be had for less while every chunk is handed over by itself; \`text()\` hands over what a network chunk brought as one piece. A compiler told to optimise for speed
  makes a chunk 4 to 8 % faster and the module a tenth larger.
- **One event per network chunk.** A third to a half of the time is the platform's stream; the promise of its read is handed on as that of \`next()\`, so that nothing comes on top but the decoding.
- **Nothing repeats.** Such a chunk is read twice: in WebAssembly, to fold it, and by JSON.parse, to make its objects.
- **Log probabilities and tool arguments.** Almost every byte is a value, and values are made by the engine, whoever finds them.
- **A call.** A dozen crossings between JavaScript and WebAssembly, none of them dear: options, the head, the account, the settlement. A third of the time is WebAssembly, spread over
  reading the body, deciding, decoding and telling; a tenth of all is its allocator. An eighth is noting where the caller called, so that an error can name it, whether one frame is noted or three;
  a twentieth is collecting the garbage, the rest the platform's headers, streams, signals and timers. To give up the engine's notice of handles that nobody holds gained nothing that could be measured.
- **Import and construct.** The import starts nothing: in Node it is a good third of this, most of that the engine's parser over the script. The client, which is the first use, is the rest: a tenth of
  all goes into turning the text into bytes, a third into compiling the module, the remainder into compiling the 115 functions that read its options. In Chromium a fifth is what the first import of
  anything costs. With \`hfetch/slim\`, where the module is compiled while it comes in, the page's thread works as long: to receive the file takes it as long as to decode the text.
- **The first request.** An engine compiles each function of a module when it is first called: some 240 of them, more than half of the time. Time follows their bytes more than their number,
  so that inlining makes it longer.
- **A network chunk at the edge.** The gateway's own work is a seventh of what a network chunk costs it in workerd. Handing the stream on natively and reading a copy of it (\`tee()\`) would take 1.4 times
  the time of the bare pass-through, 1.7 times where the copy's end is noticed (\`pipeTo()\`), so that a millisecond is out of reach there too; and then a caller who leaves is not noticed while the model is silent, or not at all.
`;
}
