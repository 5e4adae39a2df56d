// What the hosts' tests came to: counted, kept as data, and as one table.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { counted } from "./scenario-table.mjs";

/** What each host is asked to do. */
export const WAYS = ["stream", "cancel", "error"];

export class HostTable {
  #rows = {};
  #begun = [];

  /** Says that a host runs now: what an earlier run left of it no longer counts, whatever comes of this one. */
  begin(title) {
    this.#begun.push(title);
  }

  /** Takes rows by the host's name: { stream, cancel, error, visitor? } or { other }, each "ok" or what went wrong. Gives { passed, failed, failures }. */
  add(rows) {
    Object.assign(this.#rows, rows);
    const cells = Object.entries(rows).flatMap(([name, row]) => Object.entries(row).map(([way, result]) => ({ name: `${name}, ${way}`, ok: result === "ok", error: result })));
    return counted(cells);
  }

  /** Writes what ran now beside what an earlier run left of other hosts. */
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

/** The table of a file as `write` left it. */
export async function hostRows(file) {
  const mark = (result) => (result === undefined ? "" : result === "ok" ? "✔" : "✖");
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const head = ["host", ...WAYS, "a visitor who leaves ends the call", "its own"];
  const byName = Object.entries(await rowsIn(file)).sort(([a], [b]) => a.localeCompare(b, "en"));
  const rows = byName.map(([name, row]) => line([name, ...WAYS.map((way) => mark(row[way])), mark(row.visitor), mark(row.other)]));
  return [line(head), line(head.map(() => "---")), ...rows, ""].join("\n");
}
