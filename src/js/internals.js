// What hfetch/gateway and hfetch/ai-sdk take beside the public names: it runs on the module that the entry has loaded.

import { Body, ClientHandle, StoreHandle } from "./hfetch_bg.js";
import { catalogue, close, fail, hooked, open, settlement } from "./call.js";
import { responseInfo, settleWhole } from "./chat.js";
import { HuggingFace, knownOf } from "./client.js";
import { Decoder } from "./decode.js";
import { embed, push, readBatch } from "./embeddings.js";
import { redacted } from "./error.js";
import { readBody } from "./fetch.js";
import { parseJson } from "./json.js";
import { around, clientOptions, dataText, requestOptions } from "./options.js";
import { estimateTokens } from "./policy.js";
import { contentOf, reasoningOf } from "./reasoning.js";
import { ChunkReader, readable } from "./pass_through.js";
import { FOLD, Pump } from "./pump.js";
import { SseDecoder } from "./sse.js";
import { askedBy, formsAfter, formsFor, remember } from "./structured/ladder.js";

const internals = {
  Body, ChunkReader, ClientHandle, Decoder, FOLD, Pump, SseDecoder, StoreHandle, around, askedBy, catalogue, clientOptions, close, contentOf, dataText,
  embed, estimateTokens, fail, formsAfter, formsFor, hooked, knownOf, open, parseJson, push, readBatch, readBody, readable, reasoningOf, redacted, remember, requestOptions, responseInfo, settleWhole, settlement,
};
Object.defineProperty(HuggingFace, Symbol.for("hfetch.internals"), { value: Object.freeze(internals) });
