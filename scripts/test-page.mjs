// npm run test:page [-- --all] [-- --only chromium,firefox,webkit,axe,lighthouse,screenshots] [-- --shots NAME]: tests the demo page in Chromium, with axe-core; with
// --all,
// before a release, in every browser and with Lighthouse. With --shots it only takes the screenshots, in every browser, into a folder with that name, for a comparison
// of before and after.
import { readdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build.mjs";
import { main, npmInstall, root, run, Stop } from "./run.mjs";
import { runtimeEnvironment } from "./runtimes.mjs";

const FOLDER = join(root, "tests/system/page/browsers");
const ALWAYS = ["axe", "chromium", "screenshots"];

async function command() {
  const { values } = parseArgs({ options: { only: { type: "string" }, shots: { type: "string" }, all: { type: "boolean" } } });
  const wanted = (values.shots ? "screenshots" : values.only)?.split(",") ?? (values.all ? undefined : ALWAYS);
  const files = (await readdir(FOLDER)).filter((name) => !wanted || wanted.includes(name.replace(".test.mjs", "")));
  if (!files.length) throw new Stop(`--only ${values.only} names no test file of ${FOLDER}`);
  if (!process.env.HFETCH_PACKAGE && !existsSync(join(root, "pkg"))) await buildPackage();
  await npmInstall(join(root, "tests/system/page"));
  // The drivers need a newer Node than the package.
  const env = { ...(await runtimeEnvironment()), ...(values.shots && { HFETCH_SHOTS: values.shots }) };
  if (wanted === ALWAYS) env.HFETCH_BROWSERS = "Chromium";
  const judges = files.filter((name) => name.startsWith("lighthouse"));
  const others = files.filter((name) => !judges.includes(name));
  let failed = false;
  // Browsers mostly wait, so they run side by side. Lighthouse measures time and therefore runs alone.
  for (const some of [others, judges].filter(({ length }) => length)) {
    const args = ["--test", `--test-concurrency=${some.length}`, ...some.map((name) => join(FOLDER, name))];
    const { code } = await run("node", args, { env, echo: true, check: false });
    failed ||= code !== 0;
  }
  if (failed) throw new Stop("the page has failures; their screenshots are in www/screenshots/failed");
}

await main(command, import.meta.url);
