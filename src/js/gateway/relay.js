// A stream's bytes on their way to the caller, and how it is noticed that the caller has gone.
//
// workerd cancels no stream of JavaScript's when its reader goes, so each chunk is written by hand: a write that fails says it.
// While the model's server is silent there is nothing to write. Then, between two events, a comment goes out, which every parser
// of event streams skips: a connection that the caller has closed answers it with a reset.

import { endsEvent } from "./event_filter.js";

const SILENCE = 3_000; // ms
const COMMENT = Uint8Array.from(":\n\n", (character) => character.charCodeAt(0));

/** The body to answer with: `stream`, or what `chunks`, its reader, gives; `events` says that it is an event stream. Hosts that cancel a stream whose reader has gone need nothing. */
export function relay(stream, chunks, events) {
  const { IdentityTransformStream } = globalThis;
  if (IdentityTransformStream === undefined) return stream;
  const { readable, writable } = new IdentityTransformStream();
  pump(chunks, writable.getWriter(), events);
  return readable;
}

async function pump(reader, writer, events) {
  const left = () => reader.cancel().catch(() => {});
  writer.closed.catch(left);
  let silent = false;
  let between = events;
  let asking = false;
  const alarm = setInterval(() => {
    if (silent && between && !asking) {
      asking = true;
      writer.write(COMMENT).then(() => (asking = false), left);
    }
    silent = true;
  }, SILENCE);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      // A slow reader is no silence: nothing but these bytes may wait for it.
      between = false;
      await writer.write(value);
      between = events && endsEvent(value);
      silent = false;
    }
    await writer.close();
  } catch (error) {
    left();
    writer.abort(error).catch(() => {});
  } finally {
    clearInterval(alarm);
  }
}
