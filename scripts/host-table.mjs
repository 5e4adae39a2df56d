// The results of the hosts' tests: counted, stored as data, and as one table.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { counted } from "./scenario-table.mjs";

/** The three checks for each host. */
export const WAYS = ["stream", "cancel", "error"];

export class HostTable {
  #rows = {};
  #begun = [];

  /** Notes that a host runs now: its rows of an earlier run no longer count, whatever the result of this one. */
  begin(title) {
    this.#begun.push(title);
  }

  /** Adds rows by the host's name: { stream, cancel, error, visitor? } or { other }, each "ok" or what went wrong. Returns { passed, failed, failures }. */
  add(rows) {
    Object.assign(this.#rows, rows);
    const cells = Object.entries(rows).flatMap(([name, row]) => Object.entries(row).map(([way, result]) => ({ name: `${name}, ${way}`, ok: result === "ok", error: result })));
    return counted(cells);
  }

  /** Writes the rows of this run together with those of other hosts from an earlier one. */
  async write(file) {
    await mkdir(dirname(file), { recursive: true });
    const earlier = Object.entries(await rowsIn(file).catch(() => ({})));
    const others = earlier.filter(([name]) => !this.#begun.some((title) => name === title || name.startsWith(`${title}: `)));
    await writeFile(`${file}.json`, `${JSON.stringify({ ...Object.fromEntries(others), ...this.#rows }, null, 1)}\n`);
  }
}

async function rowsIn(file) {
  return JSON.parse(await readFile(`${file}.json`, "utf8"));
}

/** The rows in a file that `write` has written. */
export async function hostRows(file) {
  const mark = (result) => (result === undefined ? "" : result === "ok" ? "✔" : "✖");
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const head = ["host", ...WAYS, "a visitor who leaves ends the call", "its own"];
  const byName = Object.entries(await rowsIn(file)).sort(([a], [b]) => a.localeCompare(b, "en"));
  const rows = byName.map(([name, row]) => line([name, ...WAYS.map((way) => mark(row[way])), mark(row.visitor), mark(row.other)]));
  return [line(head), line(head.map(() => "---")), ...rows, ""].join("\n");
}
