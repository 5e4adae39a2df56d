// A stream's body handed on as the bytes that came.

const NOTHING = new Uint8Array(0);

// What a Pump hands on in place of items, of each network chunk; `tail`: a finish reason or usage has been seen, `over`: no more will
// come, `failed`: and what came reports an error. Here: all of it. `whole` is what of a chunk is decoded and then taken, undefined where too much
// would have to be held back; `held`: what is held, until `letGo`.
export const AS_RECEIVED = { whole: (bytes) => bytes, take: (bytes) => (bytes.byteLength > 0 ? [bytes] : []), held: () => NOTHING, letGo() {} };

// The bytes as a reader gives them: each read waits for its own, so that a slow reader slows the server down.
// `failed` may turn a failure into last bytes and a quiet end.
export class ChunkReader {
  #pump;
  #failed;

  // Who reads may be a stranger: `unread` ms, and no longer than the idle timeout, may pass between two reads.
  constructor(pump, failed, unread = Infinity) {
    this.#pump = pump;
    this.#failed = failed;
    pump.timeReader(unread);
  }

  // `tell` hears the error of a stream that was given up because nobody read it: no read is there to reject.
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

  // Reads to the end, whoever reads.
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

// The same as a body for a Response.
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
