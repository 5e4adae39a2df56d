// npm run release [-- --dry-run]: runs every check and two builds that must be equal, and makes the tarball; without --dry-run it is published.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { deny } from "./deny.mjs";
import { pack } from "./install.mjs";
import { findRepository } from "./repository.mjs";
import { main, root, run, Stop } from "./run.mjs";
import { measure } from "./size.mjs";

/** Commands with everything that they can check; the first one builds the package. */
const CHECKS = [["test", "--all"], ["test:clients"], ["test:bundlers", "--all"], ["test:hosts"], ["test:page", "--all"], ["test:faults"], ["soak"]];

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

/** Builds a copy of the sources in another folder, where nothing was built before: its bytes must equal those of `pkg`. */
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

/** The steps that are left before this version can be published. */
async function obstacles() {
  const [, version] = /^version = "([^"]+)"/m.exec(await readFile(join(root, "Cargo.toml"), "utf8"));
  const changelog = await readFile(join(root, "CHANGELOG.md"), "utf8");
  const dated = new RegExp(`^## ${version.replaceAll(".", "\\.")} – \\d{4}-\\d\\d-\\d\\d$`, "m");
  const { stdout: changes } = await run("git", ["status", "--porcelain"]);
  const found = [];
  if (changes) found.push(`commit these changes:\n${changes.trimEnd()}`);
  if (!dated.test(changelog)) found.push(`give CHANGELOG.md's section of this version its date: "## ${version} – YYYY-MM-DD"`);
  if (!process.env.HFETCH_REPOSITORY) found.push("say where the sources are: a remote `origin` on the web, or HFETCH_REPOSITORY=https://…");
  return found;
}

function publishable(todo) {
  if (todo.length) throw new Stop(`before this can be published:\n${todo.map((line) => `  - ${line}`).join("\n")}`);
}

async function integrity(file) {
  return `sha384-${createHash("sha384").update(await readFile(file)).digest("base64")}`;
}

async function command() {
  const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });
  const dryRun = values["dry-run"];
  // Both builds must find the same repository, though the second one's folder is no clone.
  process.env.HFETCH_REPOSITORY = (await findRepository()) ?? "";
  const todo = await obstacles();
  if (!dryRun) publishable(todo);
  todo.push(...(await deny()).map((what) => `check ${what}`));
  if (!dryRun) publishable(todo);
  const env = { ...process.env, CI: "true" };
  for (const [script, ...args] of CHECKS) {
    await run("npm", ["run", "--silent", script, "--", ...args], { env, echo: true });
    env.HFETCH_PACKAGE = join(root, "pkg");
  }
  const built = await buildPackage();
  const { out } = built;
  await compareWithCleanBuild(out);
  const manifest = JSON.parse(await readFile(join(out, "package.json"), "utf8"));
  const folder = await mkdtemp(join(tmpdir(), "hfetch-release-"));
  try {
    const { tarball, files, size } = await pack(out, folder);
    console.log(`\n${manifest.name} ${manifest.version}: ${size} bytes packed, sources at ${manifest.repository?.url ?? "no address"}`);
    for (const file of files) console.log(`  ${String(file.size).padStart(8)}  ${file.path}`);
    console.log((await measure(built)).lines.join("\n"));
    for (const name of ["index.js", "hfetch_bg.wasm"]) console.log(`  ${name}  ${await integrity(join(out, "dist", name))}`);
    if (dryRun) console.log(["\nA dry run: nothing was published.", ...todo.map((line) => `  before it can be: ${line}`)].join("\n"));
    else await run("npm", ["publish", tarball, "--provenance", "--access", "public"], { echo: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main(command, import.meta.url);
