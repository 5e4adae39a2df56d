// Passes the page's requests on to another server of this machine.
import { request as ask } from "node:http";

const RESET_DELAY = 200; // ms

// Headers that belong to one connection.
const NOT_PASSED = ["transfer-encoding", "connection", "keep-alive"];

/**
 * A handler that sends requests below the path `prefix` to `target`, byte by byte in both directions; a caller who hangs up here hangs up there too. `key`, if given,
 * replaces the page's own: the page never gets it.
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
      // This is a reset, since a server that has nothing to send wouldn't notice a mere end. It comes a little later, since workerd misses one while it is still
      // writing.
      setTimeout(() => passed.socket?.resetAndDestroy(), RESET_DELAY);
    });
    request.pipe(passed);
  };
}

/** A handler for this server's own page only: any other site in the same browser could otherwise spend the key. */
export function ownPageOnly(handler) {
  return (request, response) => {
    const { host, origin = `http://${host}` } = request.headers;
    const own = ["127.0.0.1", "localhost"].map((name) => `http://${name}:${request.socket.localPort}`);
    if (origin === `http://${host}` && own.includes(origin)) return handler(request, response);
    response.writeHead(403).end("only this server's own page may use it\n");
  };
}
