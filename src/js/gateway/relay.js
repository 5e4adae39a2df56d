// Passes an answer's bytes on to the caller, and notices when the caller has gone.
//
// workerd doesn't cancel a JavaScript stream when its reader goes, so each chunk is written by hand: a failed write shows that the caller has gone. While the model's
// server is silent, there is nothing to write. Then a comment is sent between two events (parsers of event streams skip comments), or a space before a JSON body: if
// the caller has closed the connection, it answers with a reset.

import { encoder } from "./encoder.js";
import { endsEvent } from "./event_filter.js";

const SILENCE = 3_000; // ms
const AGAIN = 500; // ms: only the next write notices the reset that answers a write
const COMMENT = Uint8Array.from(":\n\n", (character) => character.charCodeAt(0));
const SPACE = Uint8Array.of(32);

/** Whether only a write shows that the caller has gone. On other hosts the request's signal aborts. */
export const mustWrite = () => globalThis.IdentityTransformStream !== undefined;

/**
 * The body to answer with. `chunks` reads the same bytes as `stream`; `events` says whether it is an event stream. Hosts that cancel a stream when its reader goes get
 * `stream` itself.
 */
export function relay(stream, chunks, events) {
  if (!mustWrite()) return stream;
  const { readable, writable } = new globalThis.IdentityTransformStream();
  pump(chunks, writable.getWriter(), events);
  return readable;
}

/**
 * The body of an answer whose headers are sent before the model's server has sent its own. Comments or spaces are sent until the promise `answer` resolves to {body,
 * chunks}. `refused` turns an error into the last bytes; `leave` is called when the caller has gone.
 */
export function relayLater(answer, { events, refused, leave }) {
  const { readable, writable } = new globalThis.IdentityTransformStream();
  begin(answer, writable.getWriter(), { events, refused, leave });
  return readable;
}

async function begin(answer, writer, { events, refused, leave }) {
  writer.closed.catch(leave);
  let asking = false;
  const fill = () => {
    if (asking) return;
    asking = true;
    writer.write(events ? COMMENT : SPACE).then(() => (asking = false), leave);
  };
  fill();
  const again = setTimeout(fill, AGAIN);
  const alarm = setInterval(fill, SILENCE);
  let given;
  try {
    given = await answer;
  } catch (error) {
    given = { body: encoder.encode(refused(error)) };
  } finally {
    clearTimeout(again);
    clearInterval(alarm);
  }
  if (given.chunks) return pump(given.chunks, writer, events);
  try {
    await writer.write(given.body);
    await writer.close();
  } catch (error) {
    leave(error);
  }
}

async function pump(reader, writer, events) {
  const left = () => reader.cancel().catch(() => {});
  writer.closed.catch(left);
  // A write that waits for the caller fails now, and the connection is closed.
  reader.whenUnread((error) => writer.abort(error).catch(() => {}));
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
      // If the reader is slow, the server isn't silent: only these bytes may wait for the reader.
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
