// An answer's bytes on their way to the caller, and how it is noticed that the caller has gone.
//
// workerd cancels no stream of JavaScript's when its reader goes, so each chunk is written by hand: a write that fails says it.
// While the model's server is silent there is nothing to write. Then, between two events, a comment goes out, which every parser
// of event streams skips, and before a body of JSON a space: a connection that the caller has closed answers it with a reset.

import { encoder } from "./encoder.js";
import { endsEvent } from "./event_filter.js";

const SILENCE = 3_000; // ms
const AGAIN = 500; // ms: the reset that answers a write is seen by the next one
const COMMENT = Uint8Array.from(":\n\n", (character) => character.charCodeAt(0));
const SPACE = Uint8Array.of(32);

/** Whether the host has to be written to in order to say that a caller has gone; others tell it by the request's signal. */
export const mustWrite = () => globalThis.IdentityTransformStream !== undefined;

/** The body to answer with: `stream`, or what `chunks`, its reader, gives; `events` says that it is an event stream. Hosts that cancel a stream whose reader has gone need nothing. */
export function relay(stream, chunks, events) {
  if (!mustWrite()) return stream;
  const { readable, writable } = new globalThis.IdentityTransformStream();
  pump(chunks, writable.getWriter(), events);
  return readable;
}

/**
 * The body of an answer whose head goes out before the model's server has sent one: what the promise `answer` gives, {body, chunks},
 * behind comments or spaces. `refused` makes an error of it into the last bytes, `leave` is called when the caller has gone.
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
  // A write that waits for its caller ends so, and the connection with it.
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
