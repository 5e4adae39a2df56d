// Searches everything that a run prints for keys: the output of this process and of the programs that it runs, shown or not.
import { heard } from "./run.mjs";

// The tests' keys begin like Hugging Face's. The keys of their gateways, the tickets, and the secrets that sign these are listed here.
const KEYS = /\bhf_[A-Za-z0-9]\w*|\bBearer +(?!realm=)[\w.~+/-]{3,}|\bhft1\.[\w-]+|\ba-client-key\b|\ba-key-of-this-gateway\b|\ba-ticket-secret-of-some-length\b|\bthe secret that tickets are signed with\b|\ba secret of the operator's\b/g;

const masked = (text) => text.replace(KEYS, (key) => `${key.slice(0, 3)}…`);

const MOST = 20; // lines that are reported

/** The keys in a text. */
export const keysIn = (text) => text.match(KEYS) ?? [];

/** Begins to listen. Returns a function whose result is that of a report's part: one failure for each line with a key, in which the key is redacted. */
export function searchOutput() {
  let [outputs, leaks] = [0, 0];
  const failures = [];
  const search = (name, text) => {
    outputs += 1;
    if (keysIn(text).length === 0) return;
    for (const line of text.split("\n").filter((each) => keysIn(each).length > 0)) {
      leaks += 1;
      if (failures.length < MOST) failures.push({ name: masked(name), error: masked(line.trim().slice(0, 400)) });
    }
  };
  heard.add(search);
  const restore = ["stdout", "stderr"].map((name) => listen(process[name], (text) => search(`this process's ${name}`, text)));
  return async () => {
    heard.delete(search);
    for (const each of restore) each();
    return { passed: leaks ? 0 : outputs, failed: leaks, failures };
  };
}

/** Calls `told` with everything that is written to a stream. Returns a function that stops this. */
function listen(stream, told) {
  const write = stream.write;
  stream.write = function (chunk, ...rest) {
    told(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
    return write.call(stream, chunk, ...rest);
  };
  return () => (stream.write = write);
}
