// A browser extension with manifest version 3 whose policy allows WebAssembly, and one whose policy doesn't.
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const hosts = {
  async "an extension (MV3)"(host) {
    await cp(join(host.folder, "node_modules/hfetch/dist/index.js"), join(host.folder, "hfetch.js"));
    return { "its page": await host.inExtension("page.html"), "its service worker": await host.inExtension("background.html") };
  },
  async "an extension without 'wasm-unsafe-eval': the error says so"(host) {
    const manifest = join(host.folder, "manifest.json");
    await writeFile(manifest, (await readFile(manifest, "utf8")).replace(" 'wasm-unsafe-eval'", ""));
    const results = await host.inExtension("page.html");
    return { other: /^HfetchError: hfetch: WebAssembly can't be started here: .* 'wasm-unsafe-eval'/.test(results.stream) ? "ok" : JSON.stringify(results) };
  },
};
