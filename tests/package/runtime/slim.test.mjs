// hfetch/slim: nothing is loaded until init() gets the module, in any of its forms.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

const wasm = createRequire(import.meta.url).resolve("hfetch/hfetch.wasm");
let bytes, folder, server, url, copies = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hfetch-slim-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
  bytes = await readFile(wasm);
  server = createServer((request, response) => {
    if (request.url === "/missing") return response.writeHead(404).end("no such file");
    response.writeHead(200, { "content-type": request.url === "/typed" ? "application/wasm" : "application/octet-stream" }).end(bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** The entry, not yet initialised. It comes from a copy of the package, since a module that entries share is started only once. */
async function fresh() {
  const copy = join(folder, `${(copies += 1)}`);
  await cp(dirname(wasm), copy, { recursive: true });
  return import(pathToFileURL(join(copy, "slim.js")).href);
}

const sources = {
  "a Buffer": () => bytes,
  "an ArrayBuffer": () => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  "a Module": () => new WebAssembly.Module(bytes),
  "a Response with wasm's type": () => fetch(`${url}/typed`),
  "a Response of another type": () => fetch(`${url}/untyped`),
  "a URL": () => new URL(`${url}/typed`),
  "a string": () => `${url}/untyped`,
  "a promise of bytes": () => readFile(wasm),
};

for (const [name, source] of Object.entries(sources)) {
  test(`init takes ${name}`, async () => {
    const slim = await fresh();
    assert.throws(() => slim.estimateTokens("hello"), { name: "HfetchError", message: /is not initialised$/, hint: /^Call init\(source\)/ });
    await slim.init(source());
    assert.ok(slim.estimateTokens("hello") > 0);
  });
}

test("calls at the same time, and later ones, share the first", async () => {
  const slim = await fresh();
  await Promise.all([slim.init(bytes), slim.init(bytes)]);
  const tokens = slim.estimateTokens("hello");
  await slim.init("http://127.0.0.1:1/never-asked-for");
  assert.equal(slim.estimateTokens("hello"), tokens);
});

const failures = {
  "a missing file": [() => `${url}/missing`, { name: "HfetchError", message: /answered 404/ }],
  "an unreachable server": [() => "http://127.0.0.1:1/hfetch.wasm", { name: "HfetchError", message: /could not be loaded/ }],
  "a file: URL": [() => new URL(`file://${wasm}`), { name: "HfetchError", message: /could not be loaded$/, hint: /pass its bytes/ }],
  "bytes that are no module": [() => new Uint8Array(8), { name: "HfetchError", message: /^hfetch: WebAssembly can't be started here: / }],
  "nothing": [() => undefined, { name: "HfetchError", message: /init takes bytes/ }],
  "a promise that fails": [() => Promise.reject(new RangeError("no luck")), { name: "RangeError" }],
};

for (const [name, [source, expected]] of Object.entries(failures)) {
  test(`init with ${name} fails, and can be called again`, async () => {
    const slim = await fresh();
    await assert.rejects(slim.init(source()), expected);
    await slim.init(bytes);
    assert.ok(slim.estimateTokens("hello") > 0);
  });
}
