// The model's server behind the gateway. It takes the caller's JSON text and returns the server's own bytes; the gateway's limits count in addition to the key's.

import {
  APIS, APIUserAbortError, ClientHandle, Decoder, GATEWAY, answerOf, around, catalogue, clientOptions, dataText, embedded, exchange, generated,
  hooked, readBody, readable, requestOptions, rerank, responseInfo, settleWhole,
} from "./client.js";
import { encoder } from "./encoder.js";
import { WholeEvents, hasError } from "./event_filter.js";
import { withoutKeys } from "./key_filter.js";
import { FAILURES, ResponseDecoder, settleResponse } from "./responses.js";
import { renamed } from "./setting.js";

const NOTHING = new Uint8Array(0);
const UNREAD = 30_000; // ms for which a caller may leave a stream unread: it occupies a place, tokens and a socket

// A request has the options of a client's request, and
//   parts: [{scope, limits, budget}], reserved together with the key's part, all or none; tokens and usd are filled in;
//   maxTokens: the highest allowed maximum, which is also sent for a body without one;
//   maxChoices: the highest allowed number of choices;
//   redact: (text) => text, removes what an answer that reports a failure must not reveal;
//   lastWords: (error, sequence) => string, the last event of a stream that fails, with the sequence number `sequence`.
// Each method returns {answer, settled}. The answer is {status, headers, requestId, quotas, body}. The body is bytes or, for a stream, a ReadableStream; `chunks` reads
// the same bytes, for hosts that have a better way to write. `quotas` is [{scope, reason, limit, remaining, reset}], what is left of the limits, or null.
export class Upstream {
  #client;

  // A client's options. Calls never wait in line here: a refused caller is told when to come back.
  constructor(options = {}) {
    const [data, hooks] = clientOptions({ ...options, limits: { ...options.limits, onLimit: "error" } });
    this.#client = hooked(new ClientHandle(data, ...around(hooks, GATEWAY)), hooks);
  }

  chat(text, request) {
    return this.#exchange("chat", generate(OF_CHAT), text, request);
  }

  completions(text, request) {
    return this.#exchange("completion", generate(OF_CHAT), text, request);
  }

  responses(text, request) {
    return this.#exchange("responses", generate(OF_RESPONSES), text, request);
  }

  embeddings(text, request) {
    return this.#exchange("embeddings", embeddings, text, request);
  }

  rerank(text, request) {
    return this.#exchange("rerank", ranking, text, request);
  }

  // Requests the catalogue, which is neither limited nor settled.
  async models(request) {
    return catalogue(this.#client, "", requestOptions(request), async (call, cancel, { response }) => {
      const body = await readBody(response, cancel, call.idle, call.max_answer_bytes);
      return keyless(call, answerOf(call, responseInfo(response, call), body));
    });
  }

  snapshot() {
    return this.#client.snapshot(Date.now(), performance.now());
  }

  #exchange(kind, run, text, { parts = [], maxTokens, maxChoices, redact, lastWords, ...request } = {}) {
    const prepare = () => {
      const [data, hooks] = requestOptions(request);
      const limits = dataText(parts, "parts");
      const most = maxTokens === undefined ? undefined : String(maxTokens);
      const make = (...now) => this.#client.open(APIS[kind], ...now, text, data, limits, undefined, true, most, maxChoices);
      return [make, hooks];
    };
    return exchange(this.#client, kind, prepare, (call, cancel) => run(call, cancel, redact, lastWords));
  }
}

const keyless = (call, answer) => ({ ...answer, body: withoutKeys(answer.body, call.secrets) });

// How the answers of each API are read, and which event its clients take for a failure. These are functions, since the client doesn't exist yet.
const OF_CHAT = {
  decoderFor: (call) => new Decoder(call.max_event_bytes, undefined, call.is_text), settle: (...given) => void settleWhole(...given),
  tells: hasError,
};
const OF_RESPONSES = {
  decoderFor: (call) => new ResponseDecoder(call.max_event_bytes), settle: settleResponse,
  tells: (value) => FAILURES.includes(value?.type) || hasError(value),
};

// Reads an answer that is text, as a stream or whole.
const generate = (api) => async (call, cancel, redact, lastWords) => {
  let filter;
  // Nothing more is written if an event that was passed on has reported the failure, or if the caller has left.
  const silent = (error) => filter.told || error instanceof APIUserAbortError;
  const answer = await generated(call, cancel, api, {
    filter: () => (filter = new WholeEvents({ usage: call.asks_usage, keyless: (bytes) => withoutKeys(bytes, call.secrets), redact, tells: api.tells })),
    last: (error, decoder) => (silent(error) ? NOTHING : ending(lastWords?.(error, decoder.sequence))),
    unread: UNREAD,
  });
  const { body, chunks, failed } = answer;
  if (chunks === undefined) {
    return keyless(call, failed && redact !== undefined ? { ...answer, body: encoder.encode(redact(new TextDecoder().decode(body))) } : answer);
  }
  // If the caller comes back to the stream, the last event shows that it is incomplete; the log line says why.
  chunks.whenUnread((error) => lastWords?.(error));
  return { ...answer, body: readable(chunks) };
};

const ending = (words) => (words === undefined ? undefined : encoder.encode(words));

const embeddings = async (call, cancel) => keyless(call, await embedded(call, cancel));

const ranking = async (call, cancel) => {
  const { data, response } = await rerank(call, cancel);
  return keyless(call, answerOf(call, response, encoder.encode(JSON.stringify(data))));
};

/** One for all requests of an isolate: it holds configuration and counters, nothing of a request. */
export function openUpstream({ apiKeys, baseURL, billTo, pricing, timeout, embeddings, route, keyLimits: limits, store, fetch, nameOf }) {
  const options = Object.entries({ apiKeys, baseURL, billTo, pricing, timeout, embeddings, route, limits, store, fetch });
  try {
    return new Upstream(Object.fromEntries(options.filter(([, value]) => value !== undefined)));
  } catch (error) {
    throw renamed(error, nameOf);
  }
}
