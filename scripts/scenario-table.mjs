// The scenarios' results, counted, and as a table: one row for each scenario, one column for each place it ran in.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Stop } from "./run.mjs";

/** Results as a report has them: { passed, failed, failures }. */
export function counted(results) {
  const failures = results.filter(({ ok }) => !ok);
  return { passed: results.length - failures.length, failed: failures.length, failures };
}

export class ScenarioTable {
  #columns = new Map();

  /** Takes the results of one place; gives { passed, failed, failures }. */
  add(place, results) {
    if (!results.length) throw new Stop("ran no scenario");
    this.#columns.set(place, new Map(results.map(({ name, ok }) => [name, ok])));
    return counted(results);
  }

  /** Writes the table as Markdown. A scenario that isn't for a place has an empty cell there. */
  async write(file) {
    if (!this.#columns.size) return;
    const places = [...this.#columns.keys()];
    const names = new Set([...this.#columns.values()].flatMap((column) => [...column.keys()]));
    const cell = (place, name) => ({ true: "✔", false: "✖" })[this.#columns.get(place).get(name)] ?? "";
    const rows = [...names].map((name) => [name.replaceAll("|", "\\|"), ...places.map((place) => cell(place, name))]);
    const lines = [["scenario", ...places], ["---", ...places.map(() => "---")], ...rows].map((cells) => `| ${cells.join(" | ")} |`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${lines.join("\n")}\n`);
    console.log(`\nwhere each scenario ran: ${file}`);
  }
}
