// Writes the results as a page of ratios: how many times longer the other libraries take. Above 1 hfetch is faster.

import { ANSWERS } from "./workloads.mjs";

const STREAMS = {
  "single slot": "one text changes (most servers)",
  multilingual: "the same in many scripts",
  reasoning: "reasoning, then text",
  together: "two texts and a number change (Together)",
  "usage in every chunk": "text and usage change (Hyperbolic, Novita)",
  "id, created and usage change": "id, time, text and usage change",
  "no two alike": "true, false and null change places",
  "keys in any order": "keys come in another order each time",
  "members come and go": "other members in each chunk",
  "escaped text": "every other character is an escape",
  "one large text": "400 KB of text in one event",
  "one large tool call": "480 KB of a tool's arguments in one event",
  logprobs: "20 log probabilities a token",
  "tool arguments": "2 KB of a tool's arguments a chunk",
};
const FORMS = { 16384: "16 KiB", 0: "one event" };

/** A function that finds a median. */
export function finder(figures) {
  return (library, workload, size = 0) => figures.find((figure) => figure.library === library && figure.workload === workload && figure.size === size)?.median;
}

const ratio = (theirs, ours) => (theirs && ours ? short(theirs / ours) : "–");
const short = (value) => (value < 100 ? value.toPrecision(2) : String(Math.round(value)));

/** A table in Markdown. The first column is text, the others are figures. */
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

/** Every stream in a browser and at the edge, against the plainest way to read it. */
function elsewhere(measured) {
  const places = ["chromium-streams", "workerd-streams"].map((part) => finder(measured[part].figures));
  const rows = Object.entries(STREAMS).map(([workload, meaning]) => [
    meaning,
    ...places.flatMap((find) => Object.keys(FORMS).reverse().map((size) => ratio(find("eventsource-parser", workload, Number(size)), find("hfetch", workload, Number(size))))),
  ]);
  return table(["what changes from chunk to chunk", "Chromium, 16 KiB", "Chromium, one event", "workerd, 16 KiB", "workerd, one event"], rows);
}

/** The cost of a call: of one with only a beginning and an end, and of short answers. */
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

/** The part of the work that a page's visitor could notice: ms on the page's thread. */
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

A visitor can't feel a difference between hfetch and \`openai\`: all of this together differs by ${ms(Math.abs(sum(theirs) - sum(ours)))} ms. The table shows how many milliseconds the page's main thread worked for each of them
in Chromium, on ${chromium.date}. The milliseconds for the tokens are spread over the seconds in which the model writes.

${table(["ms", "hfetch", "openai"], [...rows.map(([what], at) => [what, ms(ours[at]), ms(theirs[at])]), ["together", ms(sum(ours)), ms(sum(theirs))]])}`;
}

/** The cost of loading a page: bytes over the wire, and the time until its input is ready. */
export function loads({ load }) {
  const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`;
  const rows = load.figures.map(({ library, median, early, bytes }) => [library, `${(median / 1e9).toFixed(2)} s`, kilobytes(early), kilobytes(bytes)]);
  return `## How soon a page is ready

A small React chat is built with each library, minified by esbuild and compressed with brotli. Chromium loads it as on a phone: with 1.6 Mbit/s, a round trip of 150 ms and a processor four times slower.
This was measured on ${load.date} with \`npm run bench -- --load\`. With \`hfetch/web\` the WebAssembly module is a file of its own, which loads while the page is being built.

${table(["", "until the input is ready", "had come by then", "in all"], rows)}`;
}

/** The cost of writing an answer into a page's document. */
export function pages({ page }) {
  const ours = page.figures.find(({ library }) => library === "hfetch").median;
  const rows = page.figures.map(({ library, median }) => [library, ms(median), ratio(median, ours)]);
  return `## An answer in a page

A page in Chromium, on a processor four times slower, writes 2,000 tokens into its document as they come. Each token is an event in a network chunk of its own. The table shows for how many milliseconds
the page's thread ran script, from the load of the page to the last token, including the document's own work for each write. This was measured on ${page.date} with \`npm run bench -- --runtime page\`.

${table(["", "ms", "divided by hfetch's"], rows)}`;
}

/** Whether the gateway's processor time per stream is less than a millisecond above the other's. */
function withinMillisecond(figures, workload, other) {
  const find = finder(figures);
  return find("hfetch, limits in memory", workload) - find(other, workload) < 1 ? "yes" : "no";
}

/** The whole page; `measured` holds the results of each part of the bench. */
export function document(measured) {
  const { date, machine, figures } = measured.node;
  const { tenths, heap, wasm } = linear(measured.linear.figures);
  return `# How fast it is

These figures were measured on ${date} on ${machine}, with Node 24. The other runtimes have the versions that \`tests/package/runtime\` names. \`npm run results\` writes this page.

${felt(measured)}

${loads(measured)}

${pages(measured)}

From here on every figure is a ratio: the other library's time divided by hfetch's time. Above 1, hfetch is faster. Each library runs in its own process, through its public API and with an injected fetch.
The libraries take turns, round by round, and the median of the rounds counts. In Node the clock counts the processor time of the thread. hfetch does everything that it does in real use: it finds the events, decodes them, puts the answer together, counts tokens and cost, and gives one settlement.
Other work on the machine changes a ratio by a tenth or two.

![Ratios of the single-slot stream and others](results.svg)

## Streams, Node

Each stream has 4,000 chunks (fewer where they are large) and is read with \`for await\`. In rows with "one event", each event comes in a network chunk of its own; there, reading the stream is most of the work.
The last column compares \`text()\`, which gives everything that a network chunk brought as one piece.

${streams(figures)}

Some libraries are built on others:

${layers(measured)}

## Calls

These are whole calls, from \`create()\` to the settlement. Some streams have only a beginning and an end, so that only the cost of the call itself counts; the others have short answers.

${calls(measured)}

Keys, limits, prices, timeouts and the settlement take some time. When an answer has fewer than about a hundred chunks in large network chunks, the plainer libraries finish sooner.
A call of a beginning and an end crosses the border between JavaScript and the WebAssembly module 12 times, including the allocations of strings and of its network chunk. A test allows no more (\`tests/package/crossings.test.mjs\`).

## Streams elsewhere

${others(measured)}

The next table compares every stream with eventsource-parser + JSON.parse in Chromium and in workerd.

${elsewhere(measured)}

## Embeddings

One response brings all rows (\`batchSize: 1000\`), and each row becomes a Float32Array.

${embeddings(figures)}

## Start-up

${starts(measured)}

In Chromium, only the time counts for which the page's main thread works. Loading, and parsing on other threads, don't keep a page from answering its user.
In workerd, where the clock stands still during a request, the figure is the processor time of the whole process minus that of an empty Worker.

## Long streams

One stream brings 1,000,000 events. The time per event in each tenth of the stream, divided by the median of the tenths, is: ${tenths}.
The heap after the last event is ${heap} times as large as after the first hundredth of the events. The WebAssembly memory has grown by ${wasm} MiB: that is the answer's text, which is kept for \`final()\`.

## The limiter

Does one reservation and its settlement through \`RateLimiter\`, with a full minute of requests behind it, take less than 200 ns? The answer: ${finder(measured.limiter.figures)("hfetch", "requests a minute") < 200 ? "yes" : "no"};
and when tokens and months are counted too: ${finder(measured.limiter.figures)("hfetch", "requests and tokens a minute, requests a month") < 200 ? "yes" : "no"}.

## At the edge

The gateway is compared with a bare pass-through: a Worker that hands the answer of the model's server on untouched. Each figure is divided by that Worker's figure. Less is better, except in the first row, where more is better.
All of them run in workerd, except Portkey, which runs in Node. Streams have 1,000 tokens.

${gateways(measured.gateway.figures)}

A request through the Durable Object waits for a disk, because the object stores what it has answered. Requests that come at the same time are stored in one write: 25 of them wait less than
twice as long as one does. With a write for each of them they would wait fifteen times as long.

When no script touches a body, workerd copies it by itself. As soon as a script does, each network chunk costs two entries into JavaScript, one for its read and one for its write, whatever the script does with it.
The column "pass-through in JavaScript" shows this cost: it is the plainest such script, and its reader gets most network chunks in two pieces.
Does the gateway take less than a millisecond of processor time more for 1,000 tokens than the bare pass-through? In 16 KiB chunks: ${withinMillisecond(measured.gateway.figures, "CPU ms, 16 KiB a network chunk", "bare pass-through")};
with one event per network chunk: ${withinMillisecond(measured.gateway.figures, "CPU ms, one event per network chunk", "bare pass-through")}. Less than a millisecond more than the pass-through in JavaScript?
In the same two cases: ${withinMillisecond(measured.gateway.figures, "CPU ms, 16 KiB a network chunk", "pass-through in JavaScript")} and ${withinMillisecond(measured.gateway.figures, "CPU ms, one event per network chunk", "pass-through in JavaScript")}.

## What the limits are

- **A chunk in a large network chunk.** A quarter of its time goes into comparing it in WebAssembly, two fifths into making its objects and strings, a fifth into a step of \`for await\`, and the rest into garbage collection.
  That step can't become cheaper while every chunk is handed over by itself; \`text()\` hands over everything that a network chunk brought as one piece. A compiler that is told to optimise for speed
  makes a chunk 4 to 8 % faster and the module a tenth larger.
- **One event per network chunk.** A third to a half of the time is spent in the platform's stream. The promise of the stream's read is handed on as the promise of \`next()\`, so that hfetch adds only the decoding.
- **Nothing repeats.** A chunk that is like none before it is read twice: in WebAssembly, which has to know whether it is an error, an end or a usage and adds it to the answer, and by JSON.parse, which makes its objects. Such a stream
  ("other members in each chunk") takes one and a half to two and a half times as long as with eventsource-parser + JSON.parse, of whose time JSON.parse alone is more than half. When only the order of the keys changes, each member is
  compared with the earlier one of its key, and no JSON.parse is needed.
- **Values that change kind.** Which of null, true and false comes next can't be foreseen. Comparing with one after the other costs a wrong guess of the processor for each; they are looked up in a table by two bits of their first letter.
  An array that grows by \`push\` is copied and gets room for some twenty elements; made in its full length it takes half the time. Both together made such chunks an eighth faster.
- **Long and escaped texts.** A text whose escapes mean characters beyond ASCII leaves the module as UTF-16. For 90 characters this takes 0.2 µs. Writing UTF-8, which has to be decoded again, takes 0.7 µs, and leaving the escapes to JSON.parse 0.9 µs.
  Skipping plain stretches of a long text before copying it gained nothing: the cost is the branch at each escape. A text of 400 KB in one event is searched for its end and then decoded, each with a wrong guess at every escape; in Chromium and
  workerd JSON.parse, which does both at once, is faster.
- **Embeddings.** Finding all commas of two kilobytes before reading the numbers was a tenth slower, and collecting the numbers in a buffer beside the rows gained nothing. Numbers with an exponent are read one digit at a time.
- **Log probabilities and tool arguments.** Almost every byte belongs to a value. The JavaScript engine has to make these values, whatever parser finds them.
- **A call.** It crosses between JavaScript and WebAssembly a dozen times, none of them expensive: for options, the head of the response, the account and the settlement. A third of the time is spent in WebAssembly: in
  reading the body, deciding, decoding and reporting. A tenth of the whole time is WebAssembly's allocator. An eighth goes into noting the place in the caller's code, so that an error can name it, whether one stack frame is noted or three;
  a twentieth into garbage collection, and the rest into the platform's headers, streams, signals and timers. Leaving out the engine's notice of handles that nobody holds any more gained nothing that could be measured.
- **Import and construct.** The import starts nothing. In Node it is about half of this time, and most of that half is the engine parsing the script: some 20 µs for each kilobyte. The other half is the making of the client, which is the first use: the module
  is read from the package's file (elsewhere its text is turned into bytes), it is compiled, and then the functions that read the client's options. \`npm run bench -- --parts\` shows the parts. In Chromium a fifth is what the first import of
  any module costs. With \`hfetch/slim\` the module is compiled while it is loading, but the page's thread works as long: receiving the file takes it as much time as decoding the text.
- **The first request.** An engine compiles each function of a module when the function is first called. For the first request these are some 300 functions, and more than half of the time. More inlining or less
  changes nothing: it trades their number against their size.
- **A network chunk at the edge.** The gateway's own work is a seventh of what a network chunk costs it in workerd. Handing the stream on natively and reading a copy of it (\`tee()\`) would take 1.4 times
  the time of the bare pass-through, or 1.7 times where the end of the copy is noticed (\`pipeTo()\`). So a difference of less than a millisecond is out of reach there too. Besides, a caller who leaves would then not be noticed while the model is silent, or not at all.
`;
}
