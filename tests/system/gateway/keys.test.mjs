// The operator's keys in what a model's server sends: callers never get them, whatever kind of frame or body they are in.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { hfetch } from "../../package/setting/installed.mjs";
import { runOn } from "../../../src/js/gateway/client.js";
import { withoutKeys } from "../../../src/js/gateway/key_filter.js";
import { MESSAGES, MODEL, TOKEN, random, startGateway } from "./setting/running.mjs";

runOn(hfetch.HuggingFace, hfetch.internals);

const asks = { model: MODEL, messages: MESSAGES, stream: true };
const HALF = TOKEN.slice(0, Math.max(12, TOKEN.length >> 1));
const escaped = (text, from = 0) => [...text].map((letter, at) => (at < from ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)).join("");
const within = (text) => JSON.stringify(text).slice(1, -1); // as a string within a string of JSON

const SPELLINGS = {
  "as it is": TOKEN,
  "as escapes": escaped(TOKEN),
  "as escapes in part": escaped(TOKEN, 9),
  "as escapes of JSON within JSON": within(escaped(TOKEN)),
  "as escapes of escapes": escaped(within(escaped(TOKEN.slice(0, HALF.length)))),
  "behind a backslash": `\\\\${TOKEN}`,
  "more than half of it": `${TOKEN.slice(0, -3)}…`,
};

// The texts that the caller's client would read, at each level of JSON within JSON.
function read(text) {
  const levels = [text];
  for (let last; last !== levels[0] && levels.length < 6; ) {
    [last] = levels;
    levels.unshift(last.replace(/\\(?:u([\da-f]{4})|(.))/gi, (_, code, letter) => (code ? String.fromCharCode(Number.parseInt(code, 16)) : letter)));
  }
  return levels.join("\n");
}

const chunk = (delta, more = {}) => JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: null }], ...more });
const event = (data) => `data: ${data}\n\n`;
const HI = event(chunk({ content: "hi" }));
const FINISH = event(JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
const DONE = event("[DONE]");

const FRAMES = {
  "an error": (key) => [event(`{"error":{"message":"bad ${key}"}}`)],
  "an error in JSON within JSON": (key) => [event(`{"error":{"message":"{\\"error\\":\\"bad ${key}\\"}"}}`)],
  "a long error": (key) => [event(`{"error":{"message":"${"x".repeat(17_000)} ${key}"}}`)],
  "the name of a member": (key) => [event(`{"error":{"${key}":"bad"}}`)],
  "event: error": (key) => [`event: error\r\ndata: bad ${key}\r\n\r\n`],
  "an error beside a choice": (key) => [event(`{"choices":[{"index":0,"delta":{"content":"${key}"}}],"error":{"message":"${key}"}}`)],
  "a comment": (key) => [`: ${key}\n\n`, HI, FINISH, DONE],
  "an id": (key) => [`id: ${key}\ndata: {"choices":[]}\n\n`, HI, FINISH, DONE],
  "the name of an event": (key) => [`event: ${key}\ndata: {"choices":[]}\n\n`, HI, FINISH, DONE],
  "a field that nobody knows": (key) => [`${key}: x\ndata: {"choices":[]}\n\n`, HI, FINISH, DONE],
  "a detail": (key) => [event(`{"detail":"bad ${key}"}`), DONE],
  "a detail of a chunk": (key) => [event(`{"error":null,"detail":"${key}","choices":[]}`), HI, FINISH, DONE],
  "words of a choice": (key) => [HI, event(`{"error_message":"${key}","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`), DONE],
  "what is said": (key) => [event(`{"id":"c","choices":[{"index":0,"delta":{"content":"${key}"},"finish_reason":null}]}`), FINISH, DONE],
  "a status": (key) => [event(`{"status":401,"message":"bad ${key}"}`), DONE],
  "an error after the finish": (key) => [HI, FINISH, event(`{"error":{"message":"${key}"}}`)],
  "an error after [DONE]": (key) => [HI + FINISH + DONE + event(`{"error":{"message":"bad ${key}"}}`)],
  "a comment after [DONE]": (key) => [`${HI}${FINISH}${DONE}: ${key}\n\n`],
  "a broken frame": (key) => [event(`{"error":{"message":"bad ${key}"}`)],
  "text in place of a stream": (key) => [`bad ${key}`],
  "a page in place of a stream": (key) => [`<html><title>bad ${key}</title>`],
  "the end without a blank line": (key) => [HI, `data: {"error":"${key}"}`],
};

let gateway;
before(async () => (gateway = await startGateway()));

test("a key is in no frame of a stream that is handed on, of whatever kind, however JSON spells it", async () => {
  for (const [kind, framesOf] of Object.entries(FRAMES)) {
    for (const [spelling, key] of Object.entries(SPELLINGS)) {
      const text = framesOf(key).join("");
      gateway.script([{ text, contentType: "text/event-stream" }, { text, contentType: "text/event-stream", split: "random:7" }, { text, contentType: "text/event-stream", cutAfter: text.length - 1 }]);
      for (const how of ["whole", "in pieces", "cut off"]) {
        const response = await gateway.post(asks);
        const got = read(await response.text());
        assert.ok(!got.includes(HALF), `${kind}, ${spelling}, ${how}: ${got}`);
        if (how === "whole" && text.includes(HI)) assert.ok(got.includes(HI), `${kind}: what is no key is handed on`);
      }
    }
  }
});

test("a key is in no whole answer that is handed on, and in no line of the log", async () => {
  for (const [spelling, key] of Object.entries(SPELLINGS)) {
    const completion = `{"id":"${key}","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi ${key}"},"finish_reason":"stop"}]}`;
    const list = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"${key}"}`;
    const error = `{"error":{"message":"bad ${key}","code":"${key}","type":"${key}","param":"${key}"}}`;
    const answers = [[completion, 200, "/v1/chat/completions"], [error, 200, "/v1/chat/completions"], [error, 400, "/v1/chat/completions"], [list, 200, "/v1/embeddings"]];
    for (const [text, status, path] of answers) {
      gateway.script([{ text, status, contentType: "application/json" }]);
      const asked = path.endsWith("embeddings") ? { model: MODEL, input: "x" } : { ...asks, stream: false };
      const response = await gateway.post(asked, { path });
      const got = read(await response.text() + JSON.stringify([...response.headers]));
      assert.ok(!got.includes(HALF), `${spelling}, ${status} at ${path}: ${got}`);
    }
  }
  assert.ok(!read(JSON.stringify(gateway.lines)).includes(HALF));
});

test("bytes without a key are the same bytes, and of others the key alone is missing", () => {
  const encoder = new TextEncoder();
  const clean = (text, secrets = [TOKEN, "another/key\\of \"mine\""]) => withoutKeys(encoder.encode(text), secrets);
  for (const text of ["", "\\", "\\u", "\\u00", HI, event('{"a":"\\u4f60\\u00e9\\n\\"\\/ hf_ \\ud83d\\ude00"}'), TOKEN.slice(0, 7)]) {
    const bytes = encoder.encode(text);
    assert.equal(withoutKeys(bytes, [TOKEN]), bytes, text);
    assert.equal(Buffer.from(clean(text)).toString(), text);
  }
  const next = random(20_261_130);
  for (const key of [TOKEN, 'another/key\\of "mine"']) {
    for (let runs = 0; runs < 300; runs += 1) {
      const spelled = [...key].map((letter) => (next() < 0.3 || '"\\'.includes(letter) ? escaped(letter) : letter)).join("");
      const before = "né\\n\\u4f60 hf_".repeat(Math.floor(next() * 30));
      assert.equal(Buffer.from(clean(`${before}${spelled}, and`)).toString(), `${before}[redacted], and`);
    }
  }
});
