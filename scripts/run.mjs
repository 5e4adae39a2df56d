// Runs other programs, and says where the repository is.
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Under CI a part that can't run fails the run instead of being listed. */
export const ci = /^(1|true)$/i.test(process.env.CI ?? "");

/** An error whose message says everything that a person needs; it is printed without a stack. */
export class Stop extends Error {}

/** Functions that are called with the name of a program that was run, and with its whole output. */
export const heard = new Set();

/**
 * Runs a program to its end. Returns { code, stdout, stderr }; rejects if the program can't be started, takes longer than `timeout` ms, or ends with a code other than
 * 0 (unless `check` is false). `listen` gets what the program writes to its error output, and returns what of it should be kept.
 */
export function run(command, args = [], options = {}) {
  const { cwd = root, env = process.env, echo = false, check = true, timeout = 0, input, listen } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    const output = { stdout: [], stderr: [] };
    let timedOut = false;
    const timer = timeout && setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeout);
    for (const name of ["stdout", "stderr"]) {
      child[name].on("data", (data) => {
        output[name].push(name === "stderr" && listen ? listen(data) : data);
        if (echo) process[name].write(data);
      });
    }
    if (input !== undefined) child.stdin.end(input);
    child.on("error", (error) => reject(new Stop(`${command} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const result = { code: timedOut ? null : code, stdout: `${Buffer.concat(output.stdout)}`, stderr: `${Buffer.concat(output.stderr)}` };
      for (const listener of heard) listener([command, ...args].join(" ").slice(0, 200), `${result.stdout}\n${result.stderr}`);
      if (!check || (code === 0 && !timedOut)) return resolve(result);
      const end = timedOut ? `was stopped after ${timeout / 1000} s` : `ended with ${code ?? signal}`;
      const shown = echo ? "" : `\n${(result.stdout + result.stderr).trim().slice(-6000)}`;
      reject(new Stop(`${[command, ...args].join(" ")} ${end}${shown}`));
    });
  });
}

/** The path of the first of these programs that is on PATH (or at the absolute path itself), or null. */
export function which(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const suffixes = process.platform === "win32" ? [".exe", ".cmd", ""] : [""];
  for (const name of names) {
    for (const folder of name.includes("/") ? [""] : folders) {
      for (const suffix of suffixes) {
        const path = join(folder, name + suffix);
        if (executable(path)) return path;
      }
    }
  }
  return null;
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
}

/** Installs Debian packages as root, or with a sudo that needs no password. Returns null when done, otherwise why not. */
export async function aptInstall(...packages) {
  const apt = which("apt-get");
  if (!apt) return "this system has no apt-get";
  const prefix = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  if (prefix.length && !which("sudo")) return "installing Debian packages needs root or sudo";
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const attempt = (...args) => {
    const [command, ...rest] = [...prefix, apt, ...args];
    return run(command, rest, { env, check: false, timeout: 600_000 });
  };
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  console.log(`installing ${packages.join(" ")} with apt-get`);
  if ((await attempt(...install)).code === 0) return null;
  await attempt("update");
  const result = await attempt(...install);
  return result.code === 0 ? null : `apt-get ${install.join(" ")} failed: ${result.stderr.trim().split("\n").at(-1)}`;
}

/** Installs a folder's npm dependencies from its lockfile, unless all of them are there in the locked versions. */
export async function npmInstall(folder = root, env = process.env) {
  const { packages } = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
  const missing = [];
  for (const [path, { version, optional }] of Object.entries(packages)) {
    if (!path || optional) continue;
    const installed = await readFile(join(folder, path, "package.json"), "utf8").catch(() => "{}");
    if (JSON.parse(installed).version !== version) missing.push(path);
  }
  if (!missing.length) return;
  console.log(`installing the npm packages of ${relative(root, folder) || "the repository"}`);
  const command = namesEveryPlatform(packages) ? ["ci"] : ["install", "--no-save"];
  await run("npm", [...command, "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, env, timeout: 600_000 });
}

// `npm ci` refuses a lockfile without the optional packages of platforms that were not available where it was written.
function namesEveryPlatform(packages) {
  const named = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)));
  return Object.values(packages).every(({ optionalDependencies = {} }) => Object.keys(optionalDependencies).every((name) => named.has(name)));
}

/**
 * Runs the main function of a command, if node was started with the module at `url`. Errors that a person can act on are printed without a stack, and the exit code
 * says how it went.
 */
export async function main(command, url) {
  if (fileURLToPath(url) !== realpathSync(process.argv[1])) return;
  try {
    await command();
  } catch (error) {
    const plain = error instanceof Stop || error.code?.startsWith("ERR_PARSE_ARGS");
    console.error(plain ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
