// Completions of large streams that have ended. Most are never asked for, so a completion stays in the module's memory until the caller asks for
// it or too many wait there. If the caller no longer holds the stream, its completion is freed.

const MOST_BYTES = 4 << 20; // completions that may wait while another stream is read
const MOST_STREAMS = 32;

const waiting = []; // the oldest first
let bytes = 0;
let decoder; // not made on import: some environments that load this file have none

// Parses a completion from its JSON in UTF-8; the object belongs to the caller.
export function completionOf(json) {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return JSON.parse(decoder.decode(json));
}

export class Fold {
  #handle;
  #json = undefined; // set once it has left the module; parsing waits until the caller asks

  // `size` is roughly how many bytes of the module's memory the completion takes.
  constructor(handle, size) {
    this.#handle = handle;
    // Older runtimes have no WeakRef, so this can't tell whether the stream is still held.
    if (globalThis.WeakRef === undefined) {
      this.write();
      return;
    }
    makeRoom();
    waiting.push({ handle, size, fold: new WeakRef(this) });
    bytes += size;
  }

  // The completion as an object that belongs to the caller.
  completion() {
    const at = waiting.findIndex(({ handle }) => handle === this.#handle);
    if (at >= 0) letGo(at);
    if (this.#json === undefined) this.write();
    return completionOf(this.#json);
  }

  write() {
    this.#json = this.#handle.completion_json();
    this.#handle.free();
  }
}

// Frees memory before another stream needs it.
export function makeRoom() {
  while (bytes > MOST_BYTES || waiting.length >= MOST_STREAMS) letGo(0);
}

function letGo(at) {
  const [{ handle, size, fold }] = waiting.splice(at, 1);
  bytes -= size;
  try {
    const asked = fold.deref();
    if (asked === undefined) handle.free();
    else asked.write();
  } catch {
    // After a trap, the module keeps what it was working on; asking for the completion reports the trap.
  }
}
