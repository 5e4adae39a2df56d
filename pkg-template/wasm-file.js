// The module from the package's own file, in Node and Bun: reading the file takes a fifth of the time in which the text becomes bytes. Nothing depends on the file: a
// bundle or a deployment may lack it, and the file of another version may be in its place. Then the text is used.

// Bytes: the digest that the build writes into the file is among the first of them.
const HEAD = 512;

/** Returns the module of the file beside this script if that has this digest and as many bytes, otherwise undefined. */
export function moduleOfFile(digest, size) {
  try {
    // Deno would ask its user whether this program may read files.
    if ("Deno" in globalThis) return undefined;
    // Not as `process`, for which bundlers of pages would bring a substitute.
    const { readFileSync, statSync } = globalThis.process.getBuiltinModule("node:fs");
    const file = new URL("./hfetch_bg.wasm", import.meta.url);
    // Engines accept a module that is cut off between two sections; and a pipe of that name would never end.
    if (statSync(file).size !== size) return undefined;
    const bytes = readFileSync(file);
    return bytes.latin1Slice(0, HEAD).includes(digest) ? new WebAssembly.Module(bytes) : undefined;
  } catch {
    return undefined; // there are no files here, or this one is missing, not whole, or not to be read
  }
}
