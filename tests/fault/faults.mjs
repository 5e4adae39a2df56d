// Everything that may go wrong, as steps of the stand-in endpoint. This file uses no modules of a particular runtime.
import { COMPLETION, EMBEDDINGS, ERROR, FULL_CHUNK, FULL_COMPLETION, MODELS, bodyOf, placesOf, streamWith, streams, typeOf } from "./answers.mjs";
import { STATUSES, statusFaults } from "./statuses.mjs";

export { STATUSES };

/** ms after which a stall counts as one. This is far more than a loaded machine needs for an ordinary answer. */
const CONNECT = 800;
const IDLE = 400;
const STALLS = { connect: { connect: CONNECT, idle: 10_000 }, idle: { connect: 10_000, idle: IDLE } };

/** Keys that must not appear anywhere. */
export const KEYS = ["hf_marker_of_the_faults_1", "hf_marker_of_the_faults_2", "hf_marker_of_the_faults_3"];

const whole = (call, rest = {}) => ({ sse: [bodyOf(call)], contentType: typeOf(call), ...rest });
const said = (text, rest = {}) => ({ sse: [text], ...rest });
const fault = (name, step, rest = {}) => ({ name, family: "fault", step, ...rest });
/** Bytes exactly as they are sent; a page may read them only with the origin's permission. */
const raw = (status, headers, body) => `HTTP/1.1 ${status}\r\naccess-control-allow-origin: *\r\nconnection: close\r\n${headers}\r\n${body}`;
const utf8AsLatin1 = (text) => String.fromCharCode(...new TextEncoder().encode(text));
const rawWhole = (call, headers = "") => raw("200 OK", `content-type: ${typeOf(call)}\r\n${headers}`, utf8AsLatin1(bodyOf(call)));

const unreachable = [
  fault("connection refused", null, { at: "refused" }),
  fault("no such host", null, { at: "nowhere" }),
];

const beforeHeaders = [
  fault("reset before headers", () => ({ resetBeforeHeaders: true }), { resent: true }),
  fault("closed before headers", () => ({ raw: "" }), { resent: true }),
  fault("no HTTP at all", () => ({ raw: "SSH-2.0-OpenSSH_9.2\r\n" })),
  fault("headers cut short", () => ({ raw: "HTTP/1.1 200 OK\r\ncontent-ty" }), { resent: true }),
  fault("stall before headers", () => ({ stallBeforeHeaders: true }), { timeout: STALLS.connect }),
];

const ENDS = { reset: { cut: "reset" }, close: { cut: "close" }, "clean end": { cut: "end" } };
const PLACES = ["headers", "an event", "a character", "whole events", "the finish_reason", "[DONE]"];
const cuts = PLACES.flatMap((place) => {
  const at = (call) => placesOf(call)[place];
  const among = { calls: (call) => place in placesOf(call) || "only a stream has such a place" };
  const where = ["headers", "whole events", "the finish_reason"].includes(place) ? "after" : "inside";
  return [
    ...Object.entries(ENDS).map(([end, cut]) => fault(`${end} ${where} ${place}`, (call) => whole(call, { ...cut, cutAfter: at(call) }), among)),
    fault(`stall ${where} ${place}`, (call) => whole(call, { stallAfter: at(call) }), { ...among, timeout: STALLS.idle }),
  ];
});

const slow = [
  fault("a byte at a time", (call) => whole(call, { split: "byte" })),
  fault("a drip slower than the total timeout", (call) => whole(call, { drip: 5 }), { timeout: { total: 300 } }),
];

const heads = [
  fault("Content-Length too large", (call) => whole(call, { wrongLength: 10 })),
  fault("Content-Length too small", (call) => whole(call, { wrongLength: -10 }), { spoils: true }),
  fault("content type text/plain", (call) => whole(call, { contentType: "text/plain" })),
  fault("content type image/png", (call) => whole(call, { contentType: "image/png" })),
  fault("no content type", (call) => ({ raw: raw("200 OK", "", utf8AsLatin1(bodyOf(call))) })),
  fault("gzip", (call) => whole(call, { gzip: true })),
  fault("gzip that is none", (call) => whole(call, { headers: { "content-encoding": "gzip" } })),
  fault("100 Continue first", (call) => ({ raw: `HTTP/1.1 100 Continue\r\n\r\n${rawWhole(call)}` }), { spoils: true }),
  fault("103 Early Hints first", (call) => ({ raw: `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${rawWhole(call)}` }), { spoils: true }),
  fault("101 Switching Protocols", () => ({ raw: "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: close\r\n\r\n" })),
  fault("a header of 8 KB", (call) => ({ raw: rawWhole(call, `x-large: ${"a".repeat(8_000)}\r\n`) })),
  fault("a header of 300 KB", (call) => ({ raw: rawWhole(call, `x-large: ${"a".repeat(300_000)}\r\n`) })),
  fault("204", () => ({ raw: raw("204 No Content", "", "") })),
  fault("redirect to the same origin", () => ({ status: 307, headers: { location: "./answered" } }), { then: (call) => whole(call), redirected: true }),
  fault("redirect to another origin", (call, { elsewhere }) => ({ status: 307, headers: { location: `${elsewhere}/answered` } }), { elsewhere: (call) => whole(call), redirected: true }),
  fault("redirect to itself", () => ({ status: 307, headers: { location: "?again" } }), { times: 30, redirected: true }),
  fault("redirect to nowhere", () => ({ status: 302 })),
];

const bodies = [
  fault("an HTML page", () => said("<!doctype html><title>Sign in</title><p>Sign in to this network.", { contentType: "text/html" })),
  fault("an empty body", () => said("", { contentType: "" })),
  fault("white space", () => said("\n \n", { contentType: "application/json" })),
  fault("an error as 200", () => said(JSON.stringify({ error: { message: "the model is gone", code: "gone" } }), { contentType: "application/json" })),
  fault("an error that quotes the key", () => said(JSON.stringify({ error: `bad key ${KEYS[0]}` }), { contentType: "application/json" })),
  fault("text", () => said("service is being restarted", { contentType: "text/plain" })),
  fault("null", () => said("null", { contentType: "application/json" })),
  fault("invalid JSON", (call) => said(streams(call) ? streamWith({ chunk: 'data: {"choices":[}\n\n' }) : bodyOf(call).slice(0, -1).concat(",}"), { contentType: typeOf(call) })),
  fault("two JSON values", (call) => said(streams(call) ? streamWith({ chunk: "data: {}{}\n\n" }) : `${bodyOf(call)}${bodyOf(call)}`, { contentType: typeOf(call) })),
  fault("NUL bytes", (call) => said(streams(call) ? streamWith({ before: "\0\0\n\n" }) : `\0${bodyOf(call)}`, { contentType: typeOf(call) })),
  fault("NUL inside a string", (call) => said(bodyOf(call).replace("ü", "\0"), { contentType: typeOf(call) })),
  fault("invalid UTF-8", (call) => ({ base64: btoa(utf8AsLatin1(bodyOf(call)).replace("Ã¼", "\xff")), contentType: typeOf(call) })),
  fault("a byte order mark", (call) => said(`\ufeff${bodyOf(call)}`, { contentType: typeOf(call) })),
  fault("an answer of 100 000 brackets", () => said(`data: ${"[".repeat(100_000)}\n\n`, { contentType: "text/event-stream" })),
];

const ONLY_STREAMS = { calls: (call) => streams(call) || "only a stream has events" };
const events = [
  ...[1, 2, 3, 4, 5].map((form) => fault(`error frame of form ${form}`, (call) => whole(call, { sse: [bodyOf(call).split("\n\n").slice(0, 3).join("\n\n") + "\n\n"], errorFrame: form }), ONLY_STREAMS)),
  fault("error frame first", (call) => whole(call, { sse: [], errorFrame: 3 }), ONLY_STREAMS),
  fault("an error frame that quotes the key", () => said(streamWith({ chunk: { error: { message: `no such key: ${KEYS[0]}` } } }), { contentType: "text/event-stream" }), ONLY_STREAMS),
  fault("an event above the limit", (call) => whole(call, { giantEvent: 200_000 }), { ...ONLY_STREAMS, client: { maxEventBytes: 65_536 } }),
  fault("an event below the limit", (call) => whole(call, { giantEvent: 200_000 }), ONLY_STREAMS),
  fault("10 000 comments", (call) => whole(call, { comments: 10_000 }), ONLY_STREAMS),
  fault("no event, only comments", () => ({ sse: [], comments: 10, contentType: "text/event-stream" }), ONLY_STREAMS),
  fault("unknown fields and events", (call) => said(`retry: 1\nfoo: bar\n\nevent: ping\ndata: {"type":"ping"}\n\n${bodyOf(call)}`, { contentType: typeOf(call) }), ONLY_STREAMS),
  fault("a whole completion for a stream", () => said(JSON.stringify(COMPLETION), { contentType: "application/json" }), ONLY_STREAMS),
  fault("a stream for a whole answer", () => said(bodyOf("stream"), { contentType: "text/event-stream" }), { calls: (call) => !streams(call) || "it asked for one" }),
];

/** Every place in an answer's tree. */
function pathsOf(value, path = []) {
  const inside = value !== null && typeof value === "object" ? Object.keys(value).flatMap((key) => pathsOf(value[key], [...path, key])) : [];
  return path.length === 0 ? inside : [path, ...inside];
}

function withValue(root, path, value) {
  const copy = structuredClone(root);
  const holder = path.slice(0, -1).reduce((one, key) => one[key], copy);
  if (value === undefined) delete holder[path.at(-1)];
  else holder[path.at(-1)] = value;
  return copy;
}

/** Values that may be in a place where another one belongs. */
export const ODD = { null: null, true: true, "7": 7, "-1.5": -1.5, text: "text", "[]": [], "{}": {}, nothing: undefined };

const inStream = (answer) => said(streamWith({ chunk: answer }), { contentType: "text/event-stream" });
const inBody = (answer) => said(JSON.stringify(answer), { contentType: "application/json" });

/** Answers and errors whose form is changed: the whole value, the calls that read it, and how it is sent. */
const TREES = {
  chunk: { tree: FULL_CHUNK, of: streams, sent: inStream },
  "error frame": { tree: { error: ERROR }, of: streams, sent: inStream },
  completion: { tree: FULL_COMPLETION, of: (call) => call === "chat", sent: inBody },
  embeddings: { tree: EMBEDDINGS, of: (call) => call === "embeddings", sent: inBody },
  models: { tree: MODELS, of: (call) => call === "models", sent: inBody },
  error: { tree: { error: ERROR, estimated_time: 0.001 }, of: () => true, sent: (answer) => ({ ...inBody(answer), status: 503 }) },
};

const shapes = Object.entries(TREES).flatMap(([kind, { tree, of, sent }]) =>
  pathsOf(tree).flatMap((path) =>
    Object.entries(ODD).map(([odd, value]) => {
      const step = () => sent(withValue(tree, path, value));
      const place = `${kind} ${path.join(".")}`;
      return { name: `${place} = ${odd}`, family: "shape", place, odd, step, calls: (call) => of(call) || `no ${kind} is read` };
    }),
  ),
);

/** All faults, in families. A cell consists of a fault, a call and a policy. */
export const FAULTS = [...unreachable, ...beforeHeaders, ...cuts, ...slow, ...heads, ...bodies, ...events, ...shapes, ...statusFaults(STALLS.idle, KEYS[0])];
