// Passes on a stream's body as the bytes that arrived.

const NOTHING = new Uint8Array(0);

// The bytes that a Pump passes on instead of items. `whole` returns the part of a network chunk to decode, or undefined if too much would have to be held back.
// `take` returns what is passed on; it is told whether a finish reason or usage has been seen, whether no more bytes will come, and whether the chunk reports
// an error. `held` returns the bytes that are held back until `letGo`. This object passes on all bytes as they came.
export const AS_RECEIVED = { whole: (bytes) => bytes, take: (bytes) => (bytes.byteLength > 0 ? [bytes] : []), held: () => NOTHING, letGo() {} };

// Reads a pump's bytes. Each read waits for its own bytes, so that a slow reader slows the server down. `failed` may turn a failure into last bytes
// and a normal end.
export class ChunkReader {
  #pump;
  #failed;

  // The reader may be another program: it may wait `unread` ms between two reads, and no longer than the idle timeout.
  constructor(pump, failed, unread = Infinity) {
    this.#pump = pump;
    this.#failed = failed;
    pump.timeReader(unread);
  }

  // `tell` gets the error of a stream that was given up because nobody read it, since no read is there to reject.
  whenUnread(tell) {
    const pump = this.#pump;
    pump.whenOver(() => {
      if (pump.wasUnread && pump.failure !== null) tell(pump.failure);
    });
  }

  read() {
    const next = this.#pump.next();
    return this.#failed === undefined ? next : next.catch(this.#last);
  }

  // Reads to the end, whether or not the reader reads.
  readAhead() {
    this.#pump.readAhead();
  }

  async cancel() {
    this.#pump.close();
  }

  #last = (error) => {
    const value = this.#failed(error);
    if (value === undefined) throw error;
    return value.byteLength > 0 ? { value, done: false } : { value: undefined, done: true };
  };
}

// The same bytes as the body of a Response.
export function readable(reader) {
  return new ReadableStream(
    {
      start(controller) {
        reader.whenUnread((error) => controller.error(error));
      },
      async pull(controller) {
        const { value, done } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel(reason) {
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
