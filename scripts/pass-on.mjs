// Requests of the page, passed on to another server.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

// fetch has already undone the encoding, and with it the length; the rest is each connection's own.
const NOT_PASSED = /^(content-(encoding|length)|transfer-encoding|connection|keep-alive)$/;

/**
 * A handler that sends what lies under the path `prefix` to `target`, bytes as they come, in both directions; who hangs up here
 * hangs up there. `key`, if given, takes the place of the page's own: the page never gets it.
 */
export function passOn(prefix, target, key) {
  return async (request, response) => {
    const { "content-type": type, authorization: own } = request.headers;
    const authorization = key ? `Bearer ${key}` : own;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const answer = await fetch(target + request.url.slice(prefix.length), {
        method: request.method,
        headers: { ...(authorization && { authorization }), ...(type && { "content-type": type }) },
        body: ["GET", "HEAD"].includes(request.method) ? undefined : Readable.toWeb(request),
        duplex: "half",
        signal: gone.signal,
      });
      const headers = Object.fromEntries([...answer.headers].filter(([name]) => !NOT_PASSED.test(name)));
      response.writeHead(answer.status, headers);
      await pipeline(Readable.fromWeb(answer.body ?? new ReadableStream({ start: (body) => body.close() })), response);
    } catch (error) {
      if (gone.signal.aborted) return;
      if (response.headersSent) return response.destroy();
      response.writeHead(502, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `${new URL(target).host} could not be reached: ${error.cause?.message ?? error.message}` } }));
    }
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
