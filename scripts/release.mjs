// npm run release [-- --dry-run]: every check, two builds that must be the same, then the tarball; without --dry-run it is published.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { pack } from "./install.mjs";
import { main, root, run, Stop } from "./run.mjs";
import { measure } from "./size.mjs";

/** Every file of a folder with its hash: { path: hash }. */
async function hashes(folder) {
  const found = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    found[relative(folder, path)] = createHash("sha256").update(await readFile(path)).digest("hex");
  }
  return found;
}

/** Builds a copy of the sources in another folder, with nothing built before: its bytes must be those of `pkg`. */
async function compareWithCleanBuild(pkg) {
  const copy = await mkdtemp(join(tmpdir(), "hfetch-again-"));
  try {
    const { stdout } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    for (const file of stdout.split("\0").filter(Boolean)) {
      await mkdir(dirname(join(copy, file)), { recursive: true });
      await cp(join(root, file), join(copy, file));
    }
    await mkdir(join(copy, "target"));
    await symlink(join(root, "node_modules"), join(copy, "node_modules"));
    await symlink(join(root, "target/tools"), join(copy, "target/tools"));
    const { CARGO_TARGET_DIR, ...env } = process.env;
    await run(process.execPath, [join(copy, "scripts/build.mjs")], { cwd: copy, env });
    const [first, second] = await Promise.all([hashes(pkg), hashes(join(copy, "pkg"))]);
    const differing = [...new Set([...Object.keys(first), ...Object.keys(second)])].filter((path) => first[path] !== second[path]);
    if (differing.length) throw new Stop(`two builds differ in: ${differing.join(", ")}`);
    console.log("Two builds, in two folders, gave the same bytes:");
    for (const [path, hash] of Object.entries(first)) console.log(`  ${hash.slice(0, 16)}  ${path}`);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The version, which must have its section in the changelog before it can be published. */
async function checkVersion(pkg, dryRun) {
  const { version } = JSON.parse(await readFile(join(pkg, "package.json"), "utf8"));
  const changelog = await readFile(join(root, "CHANGELOG.md"), "utf8");
  if (new RegExp(`^## \\[?${version.replaceAll(".", "\\.")}\\b`, "m").test(changelog)) return version;
  const missing = `CHANGELOG.md has no section for ${version}`;
  if (!dryRun) throw new Stop(missing);
  console.log(`\n${missing}: a release needs one.`);
  return version;
}

async function integrity(file) {
  return `sha384-${createHash("sha384").update(await readFile(file)).digest("base64")}`;
}

async function command() {
  const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });
  const dryRun = values["dry-run"];
  const { stdout: changes } = await run("git", ["status", "--porcelain"]);
  if (changes && !dryRun) throw new Stop(`there are uncommitted changes:\n${changes}`);
  const env = { ...process.env, CI: "true" };
  for (const script of ["test", "test:bundlers"]) await run("npm", ["run", "--silent", script], { env, echo: true });
  const { out } = await buildPackage();
  await compareWithCleanBuild(out);
  const version = await checkVersion(out, dryRun);
  const folder = await mkdtemp(join(tmpdir(), "hfetch-release-"));
  try {
    const { tarball, files, size } = await pack(out, folder);
    console.log(`\nhfetch ${version}: ${size} bytes packed`);
    for (const file of files) console.log(`  ${String(file.size).padStart(8)}  ${file.path}`);
    console.log((await measure(out)).lines.join("\n"));
    for (const name of ["index.js", "hfetch_bg.wasm"]) console.log(`  ${name}  ${await integrity(join(out, "dist", name))}`);
    if (dryRun) console.log("\nA dry run: nothing was published.");
    else await run("npm", ["publish", tarball, "--provenance", "--access", "public"], { echo: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main(command, import.meta.url);
