// The scenarios' results: counted, kept as data, and as tables of where each of them ran.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Stop } from "./run.mjs";

/** Results as a report has them: { passed, failed, failures }. */
export function counted(results) {
  const failures = results.filter(({ ok }) => !ok);
  return { passed: results.length - failures.length, failed: failures.length, failures };
}

export class ScenarioTable {
  #places = {};
  #whole = {};

  /** Takes the results that one place has of a list, the "whole" or the "short" one; gives { passed, failed, failures }. */
  add(place, results, list) {
    if (!results.length) throw new Stop("ran no scenario");
    this.#places[place] = results.map(({ name, area, ok }) => ({ name, area, ok }));
    if (list === "whole") this.#whole[place] = this.#places[place];
    return counted(results);
  }

  /** Writes, as Markdown, one row for each scenario; and into `file`.json where the whole list ran now, beside what an earlier run left of other places. */
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

// A scenario that isn't for a place has an empty cell there.
function scenarioRows(places) {
  const columns = Object.values(places).map((results) => new Map(results.map(({ name, ok }) => [name, ok])));
  const names = new Set(columns.flatMap((column) => [...column.keys()]));
  const cell = (column, name) => ({ true: "✔", false: "✖" })[column.get(name)] ?? "";
  return markdown([["scenario", ...Object.keys(places)], ...[...names].map((name) => [name, ...columns.map((column) => cell(column, name))])]);
}

// What only one place can show, such as what its bundler keeps.
const OTHER = "its own";

/** One row for each place that the files (as `write` left them) know, one column for each area: how many scenarios of it passed there. */
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
