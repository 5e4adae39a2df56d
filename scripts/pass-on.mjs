// Requests of the page, passed on to another server of this machine.
import { request as ask } from "node:http";

const RESET_DELAY = 200; // ms

// These are each connection's own.
const NOT_PASSED = ["transfer-encoding", "connection", "keep-alive"];

/**
 * A handler that sends what lies under the path `prefix` to `target`, bytes as they come, in both directions; who hangs up here
 * hangs up there. `key`, if given, takes the place of the page's own: the page never gets it.
 */
export function passOn(prefix, target, key) {
  return (request, response) => {
    const { "content-type": type, authorization: own } = request.headers;
    const authorization = key ? `Bearer ${key}` : own;
    const headers = { ...(authorization && { authorization }), ...(type && { "content-type": type }) };
    const passed = ask(target + request.url.slice(prefix.length), { method: request.method, headers, agent: false });
    passed.on("response", (answer) => {
      for (const name of NOT_PASSED) delete answer.headers[name];
      response.writeHead(answer.statusCode, answer.headers);
      answer.on("error", () => response.destroy()).pipe(response);
    });
    passed.on("error", (error) => {
      if (response.headersSent) return response.destroy();
      response.writeHead(502, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `${new URL(target).host} could not be reached: ${error.message}` } }));
    });
    response.once("close", () => {
      if (response.writableFinished) return;
      // A reset: a server that has nothing to send would not notice a mere end. Not at once: workerd misses one while it still writes.
      setTimeout(() => passed.socket?.resetAndDestroy(), RESET_DELAY);
    });
    request.pipe(passed);
  };
}

/** The handler for this server's own page only: any other site open in the same browser could otherwise spend the key. */
export function ownPageOnly(handler) {
  return (request, response) => {
    const { host, origin = `http://${host}` } = request.headers;
    const own = ["127.0.0.1", "localhost"].map((name) => `http://${name}:${request.socket.localPort}`);
    if (origin === `http://${host}` && own.includes(origin)) return handler(request, response);
    response.writeHead(403).end("only this server's own page may use it\n");
  };
}
