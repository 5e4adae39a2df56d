// Drives one request of a call: it does what the core's step says and returns the result as an event. It decides nothing itself.

import { namesOf } from "./error.js";
import { TooLarge, discard, head, join, readParts } from "./fetch.js";
import { askKey } from "./notify.js";
import { decoded } from "./plain.js";
import {
  ASK_KEY, AWAIT_PRICES, BEGIN, CANCELLED, CAUSES, DELIVER, ERROR_BODY, FAIL, FAILED, HEAD, IS_NO_STRING, IS_RESPONSE, KEY, LOST, NO_KEY, PRICES,
  READ_ERROR, RESERVE, SEND, SLEEP, STORE_FAILED, TIMED_OUT, TOO_LATE, WOKEN,
} from "./protocol.js";
import { ask, recover } from "./store.js";

const ERROR_BODY_LIMIT = 1_048_576; // bytes of an error's body that are read; one more shows that the body was longer

// Sends request `index` of a call until it has an answer: { response, controller, forget }. Rejects with a typed error.
export async function drive(call, index) {
  const { client, handle, cancel } = call;
  const event = (kind, number) => call.told(handle.event(index, kind, number, Date.now(), performance.now(), Math.random()));
  const cancelled = () => event(CANCELLED, CAUSES[cancel.cause]);
  // The call may have been aborted while the driver waited.
  const unlessOver = (tell) => (cancel.cause === null ? tell() : cancelled());
  const tell = (kind, number = 0) => unlessOver(() => event(kind, number));
  const attempts = []; // the result of each attempt: {thrown} or {status, headers, body}
  let thrown;
  let key = null;
  let refused = null;
  let sent;
  const hear = (response) => {
    const values = head(response);
    attempts.push({ status: response.status, statusText: response.statusText, headers: response.headers });
    if (cancel.cause !== null) discard(response);
    else call.headers = response.headers;
    if (response.status === 401) refused = key;
    return unlessOver(() => call.say(index, HEAD, response.status, values));
  };
  let step = call.first ?? tell(BEGIN);
  call.first = undefined;
  for (;;) {
    switch (step.kind) {
      case AWAIT_PRICES:
        await over(cancel.race(call.prices));
        step = tell(PRICES);
        break;
      case ASK_KEY: {
        const given = await keyOf(client, cancel, step.ms, refused);
        if (typeof given.key === "string") {
          ({ key } = given);
          step = unlessOver(() => call.say(index, KEY, 0, key));
        } else {
          thrown = given.thrown;
          step = tell(NO_KEY, given.why);
        }
        break;
      }
      case RESERVE: {
        const answer = ask(client.store, { parts: step.parts, now: Date.now() });
        const given = await cancel.race(answer).then((reserved) => ({ reserved }), (error) => ({ error }));
        if (cancel.cause !== null) {
          step = cancelled();
          // If the reservation still comes, it is given back; the settlement waits for that.
          call.storing.push(recover(answer, (late) => call.givenBack(index, late)));
        } else if ("error" in given) {
          thrown = given.error;
          step = tell(STORE_FAILED);
        } else step = call.reserved(index, given.reserved);
        break;
      }
      case SLEEP:
        await sleep(client, cancel, step);
        step = tell(WOKEN);
        break;
      case SEND:
        sent = await call.transport(client, cancel, step, call);
        if (sent.response !== undefined) step = hear(sent.response);
        else {
          attempts.push({ thrown: sent.error });
          step = sent.timedOut ? tell(TIMED_OUT) : unlessOver(() => call.say(index, LOST, 0, namesOf(sent.error)));
        }
        break;
      case READ_ERROR: {
        const body = await errorBody(cancel, sent.response, step.ms);
        sent.forget();
        attempts.at(-1).body = body;
        step = unlessOver(() => call.say(index, ERROR_BODY, 0, decoded(body)));
        break;
      }
      case DELIVER:
        call.requestId = step.requestId;
        call.secrets = step.secrets;
        call.quotas = step.quotas ?? call.quotas;
        return sent;
      case FAIL: {
        const { failure } = step;
        call.quotas = step.quotas ?? call.quotas;
        const of = attempts[failure.attempt - 1] ?? { thrown };
        call.refused = of.body && { ...of, secrets: [...step.secrets, ...call.broughtSecrets] };
        throw call.failed_with(step, { headers: of.headers, ...(cancel.cause === null ? { cause: of.thrown } : { reason: cancel.reason }) });
      }
      default:
        throw new TypeError("hfetch: a step that nobody knows");
    }
  }
}

// Waits for a promise to resolve or reject.
async function over(promise) {
  try {
    await promise;
  } catch {
    // The result is read elsewhere.
  }
}

async function keyOf(client, cancel, ms, refused) {
  try {
    const given = await askKey(client.apiKey, cancel, ms, refused);
    if (given === undefined) return { why: TOO_LATE };
    const { key } = given;
    return { key, why: typeof key?.status === "number" ? IS_RESPONSE : IS_NO_STRING };
  } catch (thrown) {
    return { thrown, why: FAILED };
  }
}

async function sleep({ waiters }, cancel, { ms, waiter }) {
  const { done, wake } = cancel.nap(ms);
  if (waiter !== null) waiters.set(waiter, wake);
  await over(done);
  waiters.delete(waiter);
}

// Reads an error's body, as far as it arrives in time. If it stalls, the status alone has to do.
async function errorBody(cancel, response, ms) {
  const patience = cancel.within(ms);
  const parts = [];
  try {
    await readParts(response, patience, Infinity, (part) => parts.push(part), ERROR_BODY_LIMIT);
  } catch (error) {
    if (!(error instanceof TooLarge)) return new Uint8Array(0);
  } finally {
    patience.end("closed");
  }
  return join(parts).subarray(0, ERROR_BODY_LIMIT + 1);
}
