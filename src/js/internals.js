// Internal functions that hfetch/gateway and hfetch/ai-sdk import from the entry that has loaded the module. They are not part of the public contract.
// Each of the two has an object of its own, so that a bundle contains only what it uses.

import { ClientHandle } from "./hfetch_bg.js";
import { catalogue, close, hooked } from "./call.js";
import { responseInfo, settleWhole } from "./chat.js";
import { knownOf } from "./client.js";
import { Decoder } from "./decode.js";
import { redacted } from "./error.js";
import { answerOf, embedded, exchange, generated } from "./exchange.js";
import { rerank } from "./embeddings.js";
import { readBody } from "./fetch.js";
import { parseJson } from "./json.js";
import { MemoryStore } from "./memory_store.js";
import { around, clientOptions, dataText, requestOptions } from "./options.js";
import { readable } from "./pass_through.js";
import { check, estimateTokens } from "./policy.js";
import { contentOf, reasoningOf } from "./reasoning.js";
import { APIS, GATEWAY } from "./protocol.js";
import { SseDecoder } from "./sse.js";
import { askedBy, formsAfter, formsFor, remember } from "./structured/ladder.js";

export const internals = /* @__PURE__ */ Object.freeze({
  APIS, ClientHandle, Decoder, GATEWAY, MemoryStore, SseDecoder, answerOf, around, catalogue, check, clientOptions, close, dataText, embedded, estimateTokens,
  exchange, generated, hooked, parseJson, readBody, readable, redacted, requestOptions, rerank, responseInfo, settleWhole,
});
// A list, so that a bundle needn't keep the names; ai-sdk/client.js reads it in this order.
export const sdkInternals = /* @__PURE__ */ Object.freeze([askedBy, contentOf, formsAfter, formsFor, knownOf, readable, reasoningOf, remember]);
