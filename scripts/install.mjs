// The package as its users get it: packed, and installed into an empty folder.
import { cp, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run } from "./run.mjs";

const NOT_COPIED = /\/(node_modules|out|target)(\/|$)/;

/** Packs a package folder; returns { tarball, files: [{ path, size }], size }. */
export async function pack(pkg, destination) {
  const { stdout } = await run("npm", ["pack", pkg, "--pack-destination", destination, "--json", "--loglevel=error"]);
  const [packed] = Object.values(JSON.parse(stdout));
  return { tarball: join(destination, packed.filename), files: packed.files, size: packed.size };
}

/**
 * Packs the package and installs it into a new folder (by default outside of the repository), with the tests next to it: there `import "hfetch"` finds the installed
 * package, and nothing of the repository. Returns the folder.
 */
export async function installPacked(pkg, into) {
  const folder = into ?? (await mkdtemp(join(tmpdir(), "hfetch-installed-")));
  await mkdir(folder, { recursive: true });
  const { tarball } = await pack(pkg, folder);
  await writeFile(join(folder, "package.json"), `${JSON.stringify({ name: "empty", private: true })}\n`);
  await run("npm", ["install", tarball, "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  const filter = (path) => !NOT_COPIED.test(path.slice(root.length));
  // The bundlers' folder is left out: the package for the bundlers is installed inside it, and no folder can be copied into itself.
  for (const level of ["tests", "tests/system"]) {
    for (const name of await readdir(join(root, level))) {
      if (!["system", "bundlers"].includes(name)) await cp(join(root, level, name), join(folder, level, name), { recursive: true, filter });
    }
  }
  await cp(join(root, "README.md"), join(folder, "README.md"), { force: true }).catch(ignoreMissing);
  return folder;
}

function ignoreMissing(error) {
  if (error.code !== "ENOENT") throw error;
}
