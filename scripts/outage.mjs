// The value of a route when one of three providers refuses half of all requests: the section of docs/results.md, from the host test that counts it.
import { run, Stop } from "./run.mjs";

/** The section, in Markdown. */
export async function outage() {
  const { stdout } = await run("cargo", ["test", "--quiet", "--test", "core", "route::outage", "--", "--nocapture"]);
  const table = stdout.split("\n").filter((line) => line.startsWith("|"));
  if (table.length < 3) throw new Stop("cargo test route::outage printed no table");
  return `## When a provider refuses

Three providers serve a model. The provider that the router would choose answers half of its requests, at random, with 429 and no \`Retry-After\`; the other two answer all of theirs. A client makes 1,000 calls,
one a second, in simulated time (\`cargo test route::outage -- --nocapture\`). With a route, the client asks the next provider at once, and for the next 30 seconds puts the provider that refused at the end of its list.

${table.join("\n")}`;
}
