// A small static server on 127.0.0.1, for the demo and for the pages that tests open.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".sse": "text/event-stream",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves folders by path prefix, the longest prefix first. `routes` maps a path prefix to a handler (request, response), which comes before the files; `headers` are
 * sent with every file. If there is a `.br` file next to a file, clients that accept it get the compressed form. Returns { url, port, close }; rejects with EADDRINUSE
 * if the port is taken.
 */
export async function serve({ port = 0, folders, routes = {}, headers = {} }) {
  const byLength = (entries) => Object.entries(entries).sort(([a], [b]) => b.length - a.length);
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const route = byLength(routes).find(([prefix]) => path.startsWith(prefix));
    if (route) return route[1](request, response);
    const [prefix, folder] = byLength(folders).find(([start]) => path.startsWith(start)) ?? [];
    const file = folder && (await fileAt(folder, path.slice(prefix.length)));
    if (!file) return response.writeHead(404, { "content-type": "text/plain" }).end(`nothing at ${path}\n`);
    const type = { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "cache-control": "no-store", ...headers };
    const compressed = /\bbr\b/.test(request.headers["accept-encoding"]) && (await fileAt(folder, `${file.slice(folder.length)}.br`));
    response.writeHead(200, compressed ? { ...type, "content-encoding": "br", vary: "accept-encoding" } : type);
    createReadStream(compressed || file).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, port: server.address().port, close };
}

async function fileAt(folder, path) {
  const file = normalize(join(folder, path));
  if (file !== folder && !file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return null;
  const found = await stat(file).catch(() => null);
  if (found?.isDirectory()) return fileAt(folder, join(path, "index.html"));
  return found?.isFile() ? file : null;
}
