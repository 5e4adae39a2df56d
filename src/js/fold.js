// What streams that are over came to. Most are never asked for it: a completion stays in the module as it was put together, and becomes
// text when somebody asks for it, or when too much waits there. That of a stream which nobody holds any more is let go.

const MOST_BYTES = 4 << 20; // that wait while another stream is read
const MOST_STREAMS = 32;

const waiting = []; // the oldest first
let bytes = 0;
let decoder; // not on import: not every environment that loads this has one

// The completion in the hands of a decoder's handle, as JSON.
export function textOf(handle) {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(handle.completion_json());
}

export class Fold {
  #handle;
  #text = undefined;

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
    if (this.#text === undefined) this.write();
    return JSON.parse(this.#text);
  }

  write() {
    this.#text = textOf(this.#handle);
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
