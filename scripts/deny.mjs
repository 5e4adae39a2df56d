// npm run deny: what is depended on, against deny.toml; and what is known of it elsewhere, where that can be asked.
import { delimiter, join } from "node:path";
import { main, root, run, Stop, which } from "./run.mjs";

const CARGO_DENY = "0.20.2";
const TOOLS = join(root, "target/tools");
const PATIENCE = 120_000; // ms for what is asked over the network

async function environment(cargo) {
  const env = { ...process.env, PATH: `${join(TOOLS, "bin")}${delimiter}${process.env.PATH}` };
  const there = await run(cargo, ["deny", "--version"], { env, check: false });
  if (there.stdout.trim() !== `cargo-deny ${CARGO_DENY}`) {
    console.log(`building cargo-deny ${CARGO_DENY} (once, some minutes)`);
    await run(cargo, ["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--root", TOOLS]);
  }
  return env;
}

/** Licences, doubles and sources: what is needed for it lies here. */
async function check(cargo, env) {
  const { code, stdout, stderr } = await run(cargo, ["deny", "--locked", "check", "licenses", "bans", "sources"], { env, check: false });
  if (code !== 0) throw new Stop(`cargo deny check\n${(stdout + stderr).trim()}`);
  console.log("✔ licences, doubles and sources of the crates");
}

/** What others know: false with the reason where they can't be asked. */
async function ask(what, [command, ...args], unreachable, env) {
  const { code, stdout, stderr } = await run(command, args, { env, check: false, timeout: PATIENCE });
  const said = (stdout + stderr).trim();
  if (code === 0) {
    console.log(`✔ ${what}`);
    return true;
  }
  if (code !== null && !unreachable.test(said)) throw new Stop(`${what}\n${said.slice(-4000)}`);
  console.log(`– ${what}: not checked, what knows them can't be reached from here`);
  return false;
}

/** All of it. Gives what could not be checked. */
export async function deny() {
  const cargo = which("cargo");
  if (!cargo) throw new Stop("cargo is not on PATH");
  const env = await environment(cargo);
  await check(cargo, env);
  const others = [
    ["known vulnerabilities of the crates", [cargo, "deny", "--locked", "check", "advisories"], /fail\w* to (?:fetch|clone|update|load)[\s\S]*advisor|advisory database/i],
    ["known vulnerabilities of the npm packages that tests are made with", ["npm", "audit", "--audit-level=high", "--loglevel=error"], /audit endpoint returned an error|ENOTFOUND|ECONNREFUSED|ETIMEDOUT/],
    ["the registry's signatures of the npm packages", ["npm", "audit", "signatures", "--loglevel=error"], /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|audit endpoint returned an error/],
  ];
  const unknown = [];
  for (const [what, command, unreachable] of others) {
    if (!(await ask(what, command, unreachable, env))) unknown.push(what);
  }
  return unknown;
}

await main(deny, import.meta.url);
