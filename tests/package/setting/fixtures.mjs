// The recordings: the project's own, and those in the folder that HFETCH_FIXTURES names.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const FIXTURES = new URL("../../fixtures/", import.meta.url);

/** The project's event streams with the ends in their table. */
export function streamFixtures() {
  const table = readFileSync(new URL("README.md", FIXTURES), "utf8");
  return [...table.matchAll(/^\| (\S+\.sse) \| .* \| (\w+) \|$/gm)].map(([, name, end]) => ({
    name,
    end,
    bytes: readFileSync(new URL(name, FIXTURES)),
    contentType: "text/event-stream",
  }));
}

/** One body of the table by name, as text. */
export function fixtureText(name) {
  return readFileSync(new URL(name, FIXTURES), "utf8");
}

/** The event streams of HFETCH_FIXTURES; only the oracle knows how they must end. */
export function furtherStreams() {
  const folder = process.env.HFETCH_FIXTURES;
  if (!folder) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sse"))
    .map((name) => {
      const meta = join(folder, name.replace(/\.sse$/, ".meta.json"));
      const headers = existsSync(meta) ? JSON.parse(readFileSync(meta, "utf8")).response?.headers : undefined;
      return { name, bytes: readFileSync(join(folder, name)), contentType: headers?.["content-type"] ?? "text/event-stream" };
    });
}
