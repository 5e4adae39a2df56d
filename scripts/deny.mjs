// npm run deny: checks the dependencies against deny.toml, and against what others know about them, where that can be asked.
import { delimiter, dirname, join } from "node:path";
import { main, root, run, Stop, which } from "./run.mjs";

const CARGO_DENY = "0.20.2";
const TOOLS = join(root, "target/tools");
const PATIENCE = 120_000; // ms for a question over the network

async function environment(cargo) {
  const env = { ...process.env, PATH: `${join(TOOLS, "bin")}${delimiter}${process.env.PATH}` };
  const there = await run(cargo, ["deny", "--version"], { env, check: false });
  if (there.stdout.trim() !== `cargo-deny ${CARGO_DENY}`) {
    console.log(`building cargo-deny ${CARGO_DENY} (once, some minutes)`);
    await run(cargo, ["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--root", TOOLS]);
  }
  return env;
}

// Nothing of the program that writes the glue is shipped, so duplicates in it do no harm.
const CRATES = [
  { what: "the crates", manifest: "Cargo.toml", checks: ["licenses", "bans", "sources"] },
  { what: "the crates that write the glue", manifest: "scripts/bindgen/Cargo.toml", checks: ["licenses", "sources"] },
];

const about = (manifest, checks) => ["deny", "--locked", "--manifest-path", join(root, manifest), "check", "--config", join(root, "deny.toml"), ...checks];

/** Checks licences, duplicates and sources, which needs no network. */
async function check(cargo, env) {
  for (const { what, manifest, checks } of CRATES) {
    const { code, stdout, stderr } = await run(cargo, about(manifest, checks), { env, check: false });
    if (code !== 0) throw new Stop(`cargo deny check, ${what}\n${(stdout + stderr).trim()}`);
    console.log(`✔ ${checks.join(", ")} of ${what}`);
  }
}

/** Asks what others know; false with the reason if they can't be asked. */
async function ask(what, [command, ...args], unreachable, env, cwd = root) {
  const { code, stdout, stderr } = await run(command, args, { env, cwd, check: false, timeout: PATIENCE });
  const said = (stdout + stderr).trim();
  if (code === 0) {
    console.log(`✔ ${what}`);
    return true;
  }
  if (code !== null && !unreachable.test(said)) throw new Stop(`${what}\n${said.slice(-4000)}`);
  console.log(`– ${what}: not checked, what knows them can't be reached from here`);
  return false;
}

/** The folders with a lockfile of npm's. */
async function locked() {
  const { stdout } = await run("git", ["ls-files", "--", "*package-lock.json"]);
  return stdout.trim().split("\n").map(dirname);
}

const NO_DATABASE = /fail\w* to (?:fetch|clone|update|load)[\s\S]*advisor|advisory database/i;
const NO_REGISTRY = /audit endpoint returned an error|ENOTFOUND|ECONNREFUSED|ETIMEDOUT/;

/** Runs all checks. Returns those that could not be run. */
export async function deny() {
  const cargo = which("cargo");
  if (!cargo) throw new Stop("cargo is not on PATH");
  const env = await environment(cargo);
  await check(cargo, env);
  const others = [
    ...CRATES.map(({ what, manifest }) => [`known vulnerabilities of ${what}`, [cargo, ...about(manifest, ["advisories"])], NO_DATABASE]),
    ...(await locked()).map((folder) => {
      const what = `known vulnerabilities of the npm packages of ${folder === "." ? "the root" : folder}`;
      return [what, ["npm", "audit", "--package-lock-only", "--audit-level=high", "--loglevel=error"], NO_REGISTRY, join(root, folder)];
    }),
    ["the registry's signatures of the npm packages", ["npm", "audit", "signatures", "--loglevel=error"], NO_REGISTRY],
  ];
  const unknown = [];
  for (const [what, command, unreachable, folder] of others) {
    if (!(await ask(what, command, unreachable, env, folder))) unknown.push(what);
  }
  return unknown;
}

await main(deny, import.meta.url);
