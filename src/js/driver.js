// Drives one request of a call: does what the core's step says, and hands back what came of it. Nothing is decided here.

import { ENDED, resolvesAcrossRequests, timer } from "./cancel.js";
import { errorOf } from "./error.js";
import { discard, head, readBody, sendRequest } from "./fetch.js";
import { askKey } from "./notify.js";
import { ask, recover } from "./store.js";

// Steps, by the numbers of step.rs.
const AWAIT_PRICES = 1;
const ASK_KEY = 2;
const RESERVE = 3;
const SLEEP = 4;
const SEND = 5;
const READ_ERROR = 6;
const DELIVER = 7;
const FAIL = 8;

// Events, by the numbers of call.rs.
const BEGIN = 0;
const PRICES = 1;
const NO_KEY = 2;
const STORE_FAILED = 3;
const WOKEN = 4;
const LOST = 5;
const CANCELLED = 6;

const TIMED_OUT = 1;
const CAUSES = ["abort", "idle", "total", "closed"];
const ERROR_BODY_LIMIT = 1_048_576; // bytes; beyond it nobody wrote a message

// Sends request `index` of a call until it is answered: { response, controller, forget }. Rejects with a typed error.
export async function drive(call, index) {
  const { client, handle, cancel } = call;
  const tell = (kind, number = 0) => call.told(handle.event(index, kind, number, Date.now(), Math.random()));
  const cancelled = () => tell(CANCELLED, CAUSES.indexOf(cancel.cause));
  const attempts = []; // what each attempt left: {thrown} or {headers}
  let thrown;
  let sent;
  let step = cancel.cause === null ? tell(BEGIN) : cancelled();
  for (;;) {
    switch (step.kind) {
      case AWAIT_PRICES:
        step = (await ended(cancel, call.prices)) ? cancelled() : tell(PRICES);
        break;
      case ASK_KEY: {
        const given = await keyOf(client, cancel, step.ms);
        if (given.ended) step = cancelled();
        else if (typeof given.key === "string") step = call.told(handle.key(index, given.key, Date.now(), Math.random()));
        else {
          thrown = given.thrown;
          step = tell(NO_KEY, "thrown" in given ? 1 : 0);
        }
        break;
      }
      case RESERVE: {
        const answer = ask(client.store, { parts: step.parts, now: Date.now() });
        try {
          const reserved = await cancel.race(answer);
          step = call.reserved(index, reserved);
        } catch (error) {
          if (error === ENDED) {
            // The reservation may still come: then it is given back, for which the settlement waits.
            call.storing.push(recover(answer, (late) => call.reserved(index, late)));
            step = cancelled();
          } else {
            thrown = error;
            step = tell(STORE_FAILED);
          }
        }
        break;
      }
      case SLEEP:
        step = (await sleep(client, cancel, step)) ? tell(WOKEN) : cancelled();
        break;
      case SEND:
        sent = await sendRequest(client, cancel, step);
        if (cancel.cause !== null) {
          discard(sent.response);
          step = cancelled();
        } else if (sent.response === undefined) {
          attempts.push({ thrown: sent.error });
          step = tell(LOST, sent.timedOut ? TIMED_OUT : 0);
        } else {
          const { response } = sent;
          attempts.push({ headers: response.headers });
          call.headers = response.headers;
          step = call.told(handle.head(index, response.status, head(response), Date.now(), Math.random()));
        }
        break;
      case READ_ERROR: {
        const body = await errorBody(cancel, sent.response, step.ms);
        sent.forget();
        step = cancel.cause === null ? call.told(handle.error_body(index, body, Date.now(), Math.random())) : cancelled();
        break;
      }
      case DELIVER:
        call.requestId = step.requestId;
        call.secrets = step.secrets;
        return sent;
      case FAIL: {
        const { failure, secrets } = step;
        const of = attempts[failure.attempt - 1] ?? { thrown };
        throw errorOf(failure, secrets, { cause: cancel.cause === null ? of.thrown : cancel.given, headers: of.headers });
      }
      default:
        throw new TypeError("hfetch: a step that nobody knows");
    }
  }
}

// Whether the call ended before the promise did; how that ended is not asked.
async function ended(cancel, promise) {
  try {
    await cancel.race(promise);
  } catch (error) {
    return error === ENDED;
  }
  return false;
}

async function keyOf(client, cancel, ms) {
  let alarm;
  const late = new Promise((_, reject) => {
    alarm = timer(() => reject(new Error(`the function gave no key within ${ms} ms`)), ms);
  });
  try {
    return { key: await cancel.race(Promise.race([askKey(client.apiKey), late])) };
  } catch (thrown) {
    return thrown === ENDED ? { ended: true } : { thrown };
  } finally {
    alarm.clear();
  }
}

// Whether the sleep ended by itself, and not with the call.
async function sleep({ waiters }, cancel, { ms, waiter }) {
  const { done, wake } = cancel.nap(ms);
  if (waiter !== null && resolvesAcrossRequests()) waiters.set(waiter, wake);
  try {
    await done;
    return true;
  } catch {
    return false;
  } finally {
    if (waiter !== null) waiters.delete(waiter);
  }
}

// An error's body, as far as it comes soon: one that stalls leaves the status, which says enough.
async function errorBody(cancel, response, ms) {
  const patience = cancel.within(ms);
  try {
    return await readBody(response, patience, Infinity, ERROR_BODY_LIMIT);
  } catch {
    return new Uint8Array(0);
  } finally {
    patience.end("closed");
  }
}
