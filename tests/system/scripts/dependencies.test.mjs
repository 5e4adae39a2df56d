// Compares docs/dependencies.md with the manifests and the lockfiles.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root, run } from "../../../scripts/run.mjs";

const read = (path) => readFile(join(root, path), "utf8");

/** { manifest: [names] } of the list. */
async function listed() {
  const [, ...sections] = (await read("docs/dependencies.md")).split(/^## /m);
  return Object.fromEntries(sections.map((section) => [section.slice(0, section.indexOf("\n")), [...section.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, name]) => name).sort()]));
}

/** The dependencies in a Cargo.toml: { name: version }, null for a path. */
function crates(text) {
  const sections = text.split(/^\[/m).filter((section) => /^(target\..*\.)?(dev-)?dependencies\]/.test(section));
  const lines = sections.flatMap((section) => [...section.matchAll(/^([\w-]+) = (.*)$/gm)]);
  return Object.fromEntries(lines.map(([, name, value]) => [name, /path = /.test(value) ? null : /"([^"]*)"/.exec(value)[1]]));
}

/** The direct dependencies in the lockfile next to a manifest. */
async function locked(manifest) {
  if (manifest.endsWith("Cargo.toml")) {
    const packages = (await read(manifest.replace(/toml$/, "lock"))).split("[[package]]").filter((each) => !each.includes("\nsource = ") && each.includes("dependencies = ["));
    const names = (text) => [...text.slice(text.indexOf("dependencies = [")).matchAll(/^ "([\w-]+)/gm)].map(([, name]) => name).sort();
    const [, own] = /^name = "([^"]+)"/m.exec(await read(manifest));
    return names(packages.find((each) => each.includes(`name = "${own}"`)));
  }
  const { packages } = JSON.parse(await read(manifest.replace(/package\.json$/, "package-lock.json")));
  return Object.keys({ ...packages[""].dependencies, ...packages[""].devDependencies }).sort();
}

async function manifests() {
  const { stdout } = await run("git", ["ls-files", "--", "*package.json", "*Cargo.toml"]);
  const found = {};
  for (const path of stdout.trim().split("\n")) {
    const text = await read(path);
    const { dependencies, devDependencies } = path.endsWith(".json") ? JSON.parse(text) : { dependencies: crates(text) };
    const all = { ...dependencies, ...devDependencies };
    if (Object.keys(all).length > 0) found[path] = all;
  }
  return found;
}

test("the list names every dependency, and no other", async () => {
  const found = await manifests();
  assert.deepEqual(await listed(), Object.fromEntries(Object.entries(found).map(([path, all]) => [path, Object.keys(all).sort()])));
});

test("the lockfiles hold what the manifests ask for", async () => {
  for (const [path, all] of Object.entries(await manifests())) assert.deepEqual(await locked(path), Object.keys(all).sort(), path);
});

test("every version is exact", async () => {
  for (const [path, all] of Object.entries(await manifests())) {
    for (const [name, version] of Object.entries(all)) {
      if (version !== null) assert.match(version, path.endsWith(".toml") ? /^=\d+\.\d+\.\d+$/ : /^(?:npm:[\w@/-]+@)?\d+\.\d+\.\d+$/, `${path}: ${name}`);
    }
  }
});

test("what is locked comes from the registry that is asked, and is what it was", async () => {
  const { stdout } = await run("git", ["ls-files", "--", "*package-lock.json", "*Cargo.lock"]);
  for (const path of stdout.trim().split("\n")) {
    const text = await read(path);
    if (path.endsWith("Cargo.lock")) {
      const [, ...packages] = text.split("[[package]]");
      const foreign = packages.filter((each) => !/^name = "hfetch(-fuzz|-bindgen)?"$/m.test(each));
      assert.ok(foreign.length > 0, path);
      for (const each of foreign) assert.match(each, /^source = "registry\+https:\/\/\S+"\nchecksum = "[0-9a-f]{64}"$/m, path);
      continue;
    }
    const { "": _, ...packages } = JSON.parse(text).packages;
    assert.ok(Object.keys(packages).length > 0, path);
    for (const [name, { integrity, resolved, inBundle }] of Object.entries(packages)) {
      // The packages that a package bundles belong to that package.
      if (!inBundle) assert.match(integrity ?? "", /^sha512-/, `${path}: ${name}`);
      assert.equal(resolved, undefined, `${path}: ${name}`);
    }
  }
});

test("the package that users get has no dependencies", async () => {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = JSON.parse(await read("pkg-template/package.json"));
  assert.deepEqual([dependencies, peerDependencies, optionalDependencies, devDependencies], Array(4).fill(undefined));
});
