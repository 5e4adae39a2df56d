// How an answer is sent: in which pieces, how fast, how much of it, and what breaks on the way. README.md documents every field of a step.
import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { gzipSync } from "node:zlib";
import { DONE, events, json, refuse, text } from "./answer.mjs";
import { errorFrames, giantFrame } from "./fault.mjs";

// ms. A reset overtakes bytes that the other side has not read yet, and a browser drops bytes that it has not passed on.
const OVERTAKING = 30;

const FIXTURES = new URL("../fixtures/", import.meta.url);
const TYPES = { ".sse": "text/event-stream", ".json": "application/json", ".html": "text/html; charset=utf-8", ".txt": "text/plain; charset=utf-8" };

/** Sends what `step` asks for. If it names no body, the ordinary answer is sent with the step's faults. */
export async function deliver(request, response, ordinary, step, visit) {
  const gone = new Promise((resolve) => response.once("close", resolve));
  if (step.resetBeforeHeaders) {
    visit.cutByUs = true;
    request.socket.resetAndDestroy();
    return;
  }
  if (step.stallBeforeHeaders) {
    const wait = step.stallBeforeHeaders === true ? null : step.stallBeforeHeaders;
    await Promise.race([gone, ...(wait === null ? [] : [pause(wait)])]);
    if (response.destroyed) return;
  }
  if (step.raw !== undefined) {
    visit.cutByUs = true;
    // Closes both directions, since a client may leave its side open.
    request.socket.write(step.raw, "latin1");
    request.socket.destroySoon();
    return;
  }
  const answer = dressed(scripted(step) ?? (typeof ordinary === "function" ? ordinary() : ordinary), step);
  await send(request, response, answer, step, visit, gone);
}

/** The answer that a step spells out, or undefined. */
function scripted(step) {
  if (step.loading !== undefined) {
    return json({ error: "Model is currently loading", estimated_time: step.loading }, { status: 503 });
  }
  if (step.fixture !== undefined) return fixture(step.fixture);
  if (step.sse !== undefined) return events([...step.sse, ...(step.done ? [DONE] : [])]);
  if (step.json !== undefined) return json(step.json);
  if (step.text !== undefined) return text(step.text);
  if (step.base64 !== undefined) return { ...events([]), frames: [Buffer.from(step.base64, "base64")] };
  if (step.status !== undefined && step.status >= 400) return refuse(step.status);
  return undefined;
}

function fixture(name) {
  const file = basename(name);
  const body = readFileSync(new URL(file, FIXTURES));
  return { status: 200, headers: { "content-type": TYPES[extname(file)] }, frames: [body], sized: extname(file) !== ".sse" };
}

/** The answer with the step's status, headers, extra frames and encoding. */
function dressed(answer, step) {
  const before = [];
  if (step.comments) before.push(": keep-alive\n\n".repeat(step.comments));
  if (step.giantEvent) before.push(giantFrame(step.giantEvent));
  let frames = [...before, ...answer.frames];
  if (step.errorFrame) frames = [...frames.filter(unfinished), ...errorFrames(step.errorFrame)];
  if (step.gzip) frames = [gzipSync(Buffer.concat(frames.map(bytesOf)))];
  const headers = { ...answer.headers, ...step.headers };
  if (step.contentType !== undefined) headers["content-type"] = step.contentType;
  if (step.gzip) headers["content-encoding"] = "gzip";
  return { ...answer, status: step.status ?? answer.status, headers, frames };
}

/** The frames with an error in place of the end: what would finish the answer is left out. */
function unfinished(frame) {
  return typeof frame !== "string" || !(frame === DONE || /"finish_reason":"|"choices":\[\]/.test(frame));
}

async function send(request, response, answer, step, visit, gone) {
  const frames = answer.frames.map(bytesOf);
  const total = frames.reduce((sum, frame) => sum + frame.length, 0);
  const headers = { ...answer.headers };
  if (answer.sized || step.wrongLength) headers["content-length"] = total + (step.wrongLength ?? 0);
  // Otherwise Node would refuse to send a body whose length differs from its header.
  response.strictContentLength = false;
  response.writeHead(answer.status, headers);
  response.flushHeaders();
  const limit = Math.min(step.stallAfter ?? Infinity, step.cutAfter ?? Infinity);
  const pace = step.delayMs ?? step.drip ?? step.pace ?? 0;
  let left = limit;
  // After [DONE] a client takes the answer for finished and may send its next request, so it must be finished here too.
  let rest = answer.frames.at(-1) === DONE ? total : Infinity;
  for (const piece of pieces(frames, step.drip === undefined ? step.split : "byte")) {
    if (left <= 0 || response.destroyed) break;
    const part = piece.length > left ? piece.subarray(0, left) : piece;
    left -= part.length;
    await write(response, part, gone);
    visit.sent(part.length);
    rest -= part.length;
    if (rest === 0) break;
    if (step.split !== undefined || pace > 0) await Promise.race([gone, pause(pace)]);
  }
  if (response.destroyed) return;
  if (limit === Infinity) {
    visit.told(tokensOf(frames));
    await end(request, response, step, visit);
  } else if (step.stallAfter !== undefined && step.stallAfter <= (step.cutAfter ?? Infinity)) await gone;
  else await cut(request, response, step, visit);
}

/** The usage in an answer, which is near its end. */
function tokensOf(frames) {
  const end = Buffer.concat(frames.slice(-4)).toString("latin1");
  return Number(/"total_tokens":(\d+)/.exec(end)?.[1] ?? 0);
}

async function end(request, response, step, visit) {
  if (!step.wrongLength) {
    response.end();
    return;
  }
  visit.cutByUs = true;
  await pause(OVERTAKING);
  request.socket.end();
}

/** Ends the body early: "reset" (RST), "close" (FIN inside the body) or "end" (a clean end of an incomplete body). */
async function cut(request, response, step, visit) {
  if (step.cut === "end") {
    response.end();
    return;
  }
  visit.cutByUs = true;
  await pause(OVERTAKING);
  if (step.cut === "close") request.socket.end();
  else request.socket.resetAndDestroy();
}

function write(response, part, gone) {
  const flushed = new Promise((resolve) => {
    if (response.write(part)) resolve();
    else response.once("drain", resolve);
  });
  return Promise.race([flushed, gone]);
}

function* pieces(frames, split) {
  if (split === undefined) {
    yield* frames;
    return;
  }
  const body = Buffer.concat(frames);
  let start = 0;
  for (const size of sizes(split, body.length)) {
    if (start >= body.length) return;
    yield body.subarray(start, start + size);
    start += size;
  }
  if (start < body.length) yield body.subarray(start);
}

function* sizes(split, length) {
  if (split === "byte") split = 1;
  if (typeof split === "number") {
    while (true) yield split;
  }
  if (Array.isArray(split)) {
    for (let i = 0; i < split.length; i++) yield split[i] - (split[i - 1] ?? 0);
    return;
  }
  const random = generator(Number(split.replace("random:", "")));
  while (length > 0) yield 1 + Math.floor(random() * random() * 120);
}

/** mulberry32: the same seed produces the same splits everywhere. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function bytesOf(frame) {
  return typeof frame === "string" ? Buffer.from(frame, "utf8") : frame;
}

function pause(ms) {
  return new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)));
}

