// The size of other libraries, bundled and minified like the package in `npm run size`.
import { join } from "node:path";
import { npmInstall, root } from "./run.mjs";

const folder = join(root, "tests/bench");

/** The imports of a program for chat, as few as in the library's own guide. */
const PEERS = {
  openai: `export { OpenAI } from "openai";`,
  "@huggingface/inference": `export { InferenceClient } from "@huggingface/inference";`,
  "ai, openai-compatible": `export { streamText } from "ai"; export { createOpenAICompatible } from "@ai-sdk/openai-compatible";`,
};

/** Returns { name: bytes } for every library, in the measured versions. */
export async function peerBundles() {
  await npmInstall(folder);
  const { build } = await import("esbuild");
  const bundles = Object.entries(PEERS).map(async ([name, contents]) => {
    const options = { bundle: true, minify: true, format: "esm", platform: "browser", write: false, logLevel: "error", external: ["node:*"] };
    const { outputFiles } = await build({ stdin: { contents, resolveDir: folder }, ...options });
    return [name, outputFiles[0].contents];
  });
  return Object.fromEntries(await Promise.all(bundles));
}
