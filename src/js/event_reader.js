// An event stream's body in workerd, whose HTTP client hands over what came with a chunk's head first, and the rest of the
// chunk in a second read. A read costs several times what is done with its bytes, so one is made of both.

const BUFFER = 16_384;
const BUFFER_AT_END = 2_048;
// One byte more than comes with a chunk's head. Less than this is no event of a model: it may wait for what follows it.
const LEAST = 29;

const LF = 10;
const CR = 13;

/** What a read gives lies in the buffer of the next one, but at the end of an answer. */
export class EventReader {
  #reader;
  #buffer = new ArrayBuffer(BUFFER);
  #between = false; // whether what comes next begins an event

  constructor(reader) {
    this.#reader = reader;
  }

  /** The reader of a body, where its platform can wait for more than a byte. */
  static of(body) {
    if (globalThis.ReadableStreamBYOBReader?.prototype.readAtLeast === undefined) return undefined;
    try {
      return new EventReader(body.getReader({ mode: "byob" }));
    } catch {
      // A stream of somebody's making.
      return undefined;
    }
  }

  // At the end of an answer each byte is wanted at once, as are the first of all and those that end an event.
  read(atEnd) {
    if (atEnd) return this.#reader.read(new Uint8Array(BUFFER_AT_END));
    return this.#reader.readAtLeast(this.#between ? LEAST : 1, new Uint8Array(this.#buffer)).then(this.#arrived);
  }

  #arrived = (read) => {
    const { value, done } = read;
    if (!done) {
      this.#buffer = value.buffer;
      this.#between = endsEvent(value);
    }
    return read;
  };

  cancel() {
    return this.#reader.cancel();
  }

  releaseLock() {
    this.#reader.releaseLock();
  }
}

/** Whether an event ends where the bytes do, or before. */
export function endsEvent(bytes, end = bytes.length) {
  let at = end - 1;
  if (bytes[at] === LF && bytes[at - 1] === CR) at--;
  return (bytes[at] === LF || bytes[at] === CR) && (bytes[at - 1] === LF || bytes[at - 1] === CR);
}
