// The scenarios' results: counted, stored as data, and as tables of the places in which each of them ran.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Stop } from "./run.mjs";

/** Results in the form of a report: { passed, failed, failures }. */
export function counted(results) {
  const failures = results.filter(({ ok }) => !ok);
  return { passed: results.length - failures.length, failed: failures.length, failures };
}

export class ScenarioTable {
  #places = {};
  #whole = {};

  /** Adds the results of one place for a list, the "whole" or the "short" one; returns { passed, failed, failures }. */
  add(place, results, list) {
    if (!results.length) throw new Stop("ran no scenario");
    this.#places[place] = results.map(({ name, area, ok }) => ({ name, area, ok }));
    if (list === "whole") this.#whole[place] = this.#places[place];
    return counted(results);
  }

  /** Writes one row per scenario as Markdown; and, if the whole list ran, `file`.json together with the results of other places from an earlier run. */
  async write(file) {
    if (!Object.keys(this.#places).length) return;
    await mkdir(dirname(file), { recursive: true });
    const earlier = await placesIn(file).catch(() => ({}));
    await writeFile(`${file}.json`, `${JSON.stringify({ ...earlier, ...this.#whole })}\n`);
    await writeFile(`${file}.md`, scenarioRows(this.#places));
    console.log(`\nwhere each scenario ran: ${file}.md`);
  }
}

async function placesIn(file) {
  return JSON.parse(await readFile(`${file}.json`, "utf8"));
}

function markdown([head, ...rows]) {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

// If a scenario isn't meant for a place, its cell is empty.
function scenarioRows(places) {
  const columns = Object.values(places).map((results) => new Map(results.map(({ name, ok }) => [name, ok])));
  const names = new Set(columns.flatMap((column) => [...column.keys()]));
  const cell = (column, name) => ({ true: "✔", false: "✖" })[column.get(name)] ?? "";
  return markdown([["scenario", ...Object.keys(places)], ...[...names].map((name) => [name, ...columns.map((column) => cell(column, name))])]);
}

// Checks that only one place can make, such as what its bundler keeps.
const OTHER = "its own";

/** One row per place in the files (as `write` left them), one column per area: how many scenarios of it passed there. */
export async function areasByPlace(...files) {
  const places = Object.assign({}, ...(await Promise.all(files.map(placesIn))));
  const areas = [...new Set(Object.values(places).flatMap((results) => results.map(({ area }) => area ?? OTHER)))];
  const cell = (results, area) => {
    const own = results.filter((result) => (result.area ?? OTHER) === area);
    const { passed, failed } = counted(own);
    return own.length === 0 ? "" : failed ? `${passed} of ${own.length}` : `${passed}`;
  };
  return markdown([["scenarios passed", ...areas], ...Object.entries(places).map(([place, results]) => [place, ...areas.map((area) => cell(results, area))])]);
}
