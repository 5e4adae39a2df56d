// A caller leaves: the gateway hangs up on the model's server, and what was used is still settled.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { once } from "node:events";
import { before, test } from "node:test";
import { KEY, MESSAGES, MODEL, startGateway } from "./setting/running.mjs";

const body = { model: MODEL, messages: MESSAGES, stream: true };
const MANY = 20;
const settled = ({ event, outcome }) => event === "request" && outcome !== undefined;

// In some versions of workerd a Worker learns about a caller who leaves only in one of these ways.
for (const [way, flags] of [["with request.signal", ["enable_request_signal"]], ["without request.signal", ["disable_request_signal"]]]) {
  let gateway;
  before(async () => (gateway = await startGateway({ flags })));

  const leaves = async (steps, leave, disconnected = steps.length) => {
    gateway.script(steps);
    gateway.lines.length = 0;
    await leave();
    const stats = await gateway.stats(`disconnected:${disconnected}`);
    assert.deepEqual([stats.disconnected, stats.open, stats.timedOut], [disconnected, 0, undefined]);
    return gateway.logged(settled, steps.length);
  };

  test(`${way}: in the middle of a stream`, async () => {
    const lines = await leaves(Array(MANY).fill({ drip: 3 }), () =>
      Promise.all(Array.from({ length: MANY }, async () => {
        const controller = new AbortController();
        const response = await gateway.post(body, { signal: controller.signal });
        await response.body.getReader().read();
        controller.abort();
      })));
    assert.equal(lines.length, MANY);
    for (const { outcome, promptTokens, usageSource, status } of lines) {
      assert.deepEqual([outcome, promptTokens > 0, usageSource, status], ["aborted", true, "estimated", 200]);
    }
  });

  test(`${way}: the body is cancelled`, async () => {
    const [{ outcome }] = await leaves([{ drip: 3 }], async () => {
      const response = await gateway.post(body);
      const reader = response.body.getReader();
      await reader.read();
      await reader.cancel();
    });
    assert.equal(outcome, "aborted");
  });

  // workerd itself notices neither: only a comment between two events shows that the connection is closed.
  for (const end of ["ended", "reset"]) {
    test(`${way}: the socket is ${end} while nothing comes`, async () => {
      const event = 'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"The"},"finish_reason":null}]}\n\n';
      const [{ outcome }] = await leaves([{ text: event.repeat(2), contentType: "text/event-stream", stallAfter: event.length }], async () => {
        const socket = ask(gateway, body);
        for (let text = ""; !text.includes("The"); ) text += (await once(socket, "data"))[0];
        if (end === "ended") socket.destroy();
        else socket.resetAndDestroy();
      });
      assert.equal(outcome, "aborted");
    });
  }
}

/** A request on a socket of its own. */
function ask(gateway, content) {
  const text = JSON.stringify(content);
  const socket = connect(gateway.port, "127.0.0.1");
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
  return socket;
}

// A FIN alone says nothing, since HTTP allows half-closed connections. Only a write into the connection is answered with a reset.
for (const [moment, step, until] of [["before the model's server has answered at all", { stallBeforeHeaders: true }, "open:1"], ["in the middle of a whole answer", { stallAfter: 100 }, "bytes:100"]]) {
  for (const end of ["ended", "reset"]) {
    test(`${moment} the socket is ${end}`, async () => {
      const gateway = await startGateway({ env: { GATEWAY_CLIENT_MAX_CONCURRENT: "1", GATEWAY_EARLY_HEAD: end === "reset" ? "0" : "700" } });
      for (const stream of [true, false]) {
        gateway.script([step]);
        gateway.lines.length = 0;
        const socket = ask(gateway, { ...body, stream });
        await gateway.stats(until);
        if (end === "reset") socket.resetAndDestroy();
        else socket.destroy();
        assert.equal((await gateway.stats("disconnected:1")).disconnected, 1);
        const [{ outcome, attempts }] = await gateway.logged(({ outcome }) => outcome && outcome !== "ok");
        assert.deepEqual([outcome, attempts, (await gateway.stats()).requests], ["aborted", 1, 1]);
        assert.equal((await gateway.post({ ...body, stream: false })).status, 200, "its place is free");
      }
    });
  }
}

test("by default a caller who has gone is noticed within ten seconds, and not before a head could be told", async () => {
  const gateway = await startGateway({ steps: [{ stallBeforeHeaders: true }] });
  const socket = ask(gateway, { ...body, stream: false });
  await gateway.stats("open:1");
  socket.destroy();
  const began = performance.now();
  assert.equal((await gateway.stats("disconnected:1")).disconnected, 1);
  const seconds = (performance.now() - began) / 1_000;
  assert.ok(seconds > 5 && seconds < 10, `${seconds}`);
});

const NEXT = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "The" }, finish_reason: "stop" }] };
test("what comes after the head has gone out: the answer, or the error in its place", async () => {
  const gateway = await startGateway({ env: { GATEWAY_EARLY_HEAD: "300" } });
  const wait = { stallBeforeHeaders: 900 };
  gateway.script([wait, { ...wait, sse: [NEXT], done: true }]);
  const whole = await gateway.post({ ...body, stream: false });
  const text = await whole.text();
  assert.deepEqual([whole.status, whole.headers.get("content-type"), text.startsWith(" ")], [200, "application/json", true]);
  assert.match(JSON.parse(text).choices[0].message.content, /^You said/);
  const stream = await gateway.post(body);
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  assert.match(await stream.text(), /^(:\n\n)+data: \{"id":"c"[^]*data: \[DONE\]\n\n$/);
  await gateway.logged(settled, 2);
  gateway.script([{ ...wait, status: 400, json: { error: { message: "no such model", code: "model_not_found" } }, times: 2 }]);
  gateway.lines.length = 0;
  const error = { message: "no such model", type: "invalid_request_error", code: "model_not_found", param: null };
  assert.deepEqual(JSON.parse(await (await gateway.post({ ...body, stream: false })).text()), { error });
  const [frame] = /data: .*/.exec(await (await gateway.post(body)).text());
  assert.deepEqual(JSON.parse(frame.slice("data: ".length)), { error });
  for (const { status, code, outcome } of await gateway.logged(({ outcome }) => outcome === "error", 2)) assert.deepEqual([status, code, outcome], [200, "model_not_found", "error"]);
});

// The runtime stops work that nobody waits for as soon as the caller has gone.
test("while the limits are being asked: the reservation is given back when it comes", async () => {
  const SLOW = `(env) => {
    const limits = durableStore(env.LIMITS);
    const reserve = async (request) => {
      console.log("asked");
      await scheduler.wait(1_000);
      return limits.reserve(request);
    };
    const release = async (reservation) => {
      await limits.release(reservation);
      console.log("released");
    };
    return { store: { reserve, release, settle: (...given) => limits.settle(...given), block: (...given) => limits.block(...given) } };
  }`;
  const gateway = await startGateway({ options: SLOW, env: { GATEWAY_CLIENT_MAX_CONCURRENT: "1" } });
  const socket = ask(gateway, body);
  await gateway.logged(({ text }) => text === "asked");
  socket.resetAndDestroy();
  await gateway.logged(({ text }) => text === "released");
  const [{ outcome, status }] = await gateway.logged(settled);
  assert.deepEqual([outcome, status, (await gateway.stats()).requests], ["aborted", 499, 0]);
  assert.equal((await gateway.post({ ...body, stream: false })).status, 200, "its place is free");
});

test("what a caller who left had reserved is free again, and what was used stays counted", async () => {
  const gateway = await startGateway({ env: { GATEWAY_CLIENT_TOKENS_PER_MINUTE: "2000", GATEWAY_CLIENT_MAX_CONCURRENT: "1" }, steps: [{ drip: 3 }] });
  const controller = new AbortController();
  const response = await gateway.post({ ...body, max_tokens: 1_900 }, { signal: controller.signal });
  await response.body.getReader().read();
  assert.equal((await gateway.post(body)).status, 429, "one at once");
  controller.abort();
  await gateway.logged(({ outcome }) => outcome === "aborted");
  const after = await gateway.post({ ...body, max_tokens: 100 });
  assert.equal(after.status, 200);
  const [, left] = /"client-tokens";r=(\d+)/.exec(after.headers.get("ratelimit"));
  assert.ok(left > 1_000 && left < 2_000, left);
  await after.text();
});
