// Browsers without a driver: a page is opened from the command line and reports to the server from which it came.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptInstall, root, run, which } from "./run.mjs";

const MAC_CHROME = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", ...MAC_CHROME];
const FIREFOX = ["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];
const MINI_BROWSER = ["x86_64", "aarch64"].map((cpu) => `/usr/lib/${cpu}-linux-gnu/webkit2gtk-4.1/MiniBrowser`);

/** Each find() returns the browser's path, after installing it where that is possible, or throws the reason why there is none. */
export const browsers = {
  Chromium: {
    find: () => find("Chromium", CHROMIUM, ["chromium"], playwrightChromium),
    open: (path, url, profile) => spawn(path, [...chromiumFlags, `--user-data-dir=${profile}`, url], { stdio: "ignore", detached: true }),
  },
  Firefox: {
    find: () => find("Firefox", FIREFOX, ["firefox-esr"]),
    open: openFirefox,
  },
  WebKit: {
    find: () => find("WebKitGTK's MiniBrowser and Xvfb", MINI_BROWSER, ["webkit2gtk-driver", "xvfb"], undefined, ["Xvfb"]),
    open: openWebKit,
  },
};

export const chromiumFlags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--no-first-run",
];

async function find(name, programs, packages, otherwise, needed = []) {
  const there = () => needed.every((program) => which(program)) && which(...programs);
  if (there()) return there();
  const refused = await aptInstall(...packages);
  if (there()) return there();
  const other = await otherwise?.();
  if (other) return other;
  throw new Error(`no ${name} found (${programs.slice(0, 3).join(", ")}), and none installed: ${refused}`);
}

async function playwrightChromium() {
  const { chromium } = createRequire(join(root, "package.json"))("playwright-core");
  if (!existsSync(chromium.executablePath())) {
    const cli = join(root, "node_modules/playwright-core/cli.js");
    await run(process.execPath, [cli, "install", "chromium-headless-shell"], { check: false, timeout: 300_000 });
  }
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : null;
}

async function openFirefox(path, url, profile) {
  // These preferences switch off first-run pages and calls home.
  const preferences = {
    "app.normandy.enabled": false,
    "browser.aboutwelcome.enabled": false,
    "browser.shell.checkDefaultBrowser": false,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "toolkit.telemetry.reportingpolicy.firstRun": false,
    "trailhead.firstrun.didSeeAboutWelcome": true,
  };
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  await writeFile(join(profile, "user.js"), lines.join(""));
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" };
  return spawn(path, ["--headless", "--no-remote", "--profile", profile, url], { stdio: "ignore", env, detached: true });
}

async function openWebKit(path, url, profile) {
  const display = await startDisplay("800x600");
  const browser = spawn(path, ["--private", url], { stdio: "ignore", env: { ...process.env, ...display.environment(profile) }, detached: true });
  browser.once("exit", display.close);
  browser.companion = display;
  return browser;
}

/** A screen for a browser that needs one; returns the environment for it, and a function that ends it. */
export async function startDisplay(size) {
  const xvfb = spawn(which("Xvfb"), ["-displayfd", "3", "-screen", "0", `${size}x24`, "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    detached: true,
  });
  const name = await new Promise((resolve, reject) => {
    xvfb.stdio[3].once("data", (data) => resolve(`:${String(data).trim()}`));
    xvfb.once("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  const environment = (profile) => ({
    DISPLAY: name,
    HOME: profile,
    XDG_RUNTIME_DIR: profile,
    // bubblewrap needs permissions that root in a container doesn't have.
    ...(process.getuid?.() === 0 ? { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" } : {}),
    WEBKIT_DISABLE_COMPOSITING_MODE: "1",
    LIBGL_ALWAYS_SOFTWARE: "1",
  });
  return { environment, close: () => end(xvfb) };
}

/** Opens the page in the browser at `path`; returns a function that closes it and leaves no process or file behind. */
export async function openPage(name, path, url) {
  const profile = await mkdtemp(join(tmpdir(), "hfetch-browser-"));
  const browser = await browsers[name].open(path, url, profile);
  return async () => {
    const gone = browser.exitCode === null && new Promise((resolve) => browser.once("exit", resolve));
    end(browser);
    await gone;
    browser.companion?.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
}

// Browsers start processes of their own. Each leads a process group, and the whole group is ended.
function end(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
