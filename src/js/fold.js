// What large streams that are over came to. Most are never asked for it: a completion stays in the module as it was put together, and
// leaves it when somebody asks for it, or when too much waits there. That of a stream which nobody holds any more is let go.

const MOST_BYTES = 4 << 20; // that wait while another stream is read
const MOST_STREAMS = 32;

const waiting = []; // the oldest first
let bytes = 0;
let decoder; // not on import: not every environment that loads this has one

// A completion as an object of the caller's own, from its JSON in UTF-8.
export function completionOf(json) {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return JSON.parse(decoder.decode(json));
}

export class Fold {
  #handle;
  #json = undefined; // once it has left the module; what it costs to read it waits for whoever asks

  // `size` is about how many bytes of the module's memory it takes.
  constructor(handle, size) {
    this.#handle = handle;
    // Older runtimes can't tell what is still held.
    if (globalThis.WeakRef === undefined) {
      this.write();
      return;
    }
    makeRoom();
    waiting.push({ handle, size, fold: new WeakRef(this) });
    bytes += size;
  }

  // The completion, as an object of the caller's own.
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

// Before another stream needs memory.
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
    // A trap keeps what it was in the middle of; whoever asks for it is told.
  }
}
