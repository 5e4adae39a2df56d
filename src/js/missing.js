// Members of the `openai` client that hfetch doesn't have. They throw an error that names the alternative, instead of a bare TypeError.

import { makeError } from "./error.js";

const NONE = "Hugging Face's inference has none";
const FETCH = "send such a request with fetch";
const NOT_STORED = "no server keeps completions: keep what create() gave";

// Names with spaces between them, and the advice for each of these names.
const OF_CLIENT = [
  ["responses", "use chat.completions; a gateway of hfetch passes POST /v1/responses through"],
  ["beta", "use chat.completions.parse(), runTools() and stream()"],
  ["images", "use @huggingface/inference's textToImage()"],
  ["videos", "use @huggingface/inference's textToVideo()"],
  ["audio", "use @huggingface/inference's automaticSpeechRecognition() and textToSpeech()"],
  ["moderations", "ask a model by chat.completions"],
  ["batches", `${NONE}: send the calls, under limits.maxConcurrent`],
  ["vectorStores", "use embeddings.create() and a store of your own"],
  ["files uploads fineTuning evals graders containers conversations webhooks realtime", NONE],
  ["get post put patch delete request", FETCH],
];
const OF_CHAT = [["retrieve update delete list messages", NOT_STORED]];

// A function whose members are such functions. Libraries that wrap a client check whether a member exists, so only a call throws.
function missing(path, way) {
  const call = () => {
    throw makeError("ConfigError", `${path} is not part of hfetch: ${way}`, { path });
  };
  const get = (target, name) => (name in target || typeof name !== "string" || ["then", "toJSON"].includes(name) ? target[name] : missing(path, way));
  return new Proxy(call, { get });
}

// Plain loops: this runs on import, in the engine's interpreter.
function members(path, ways) {
  const object = {};
  for (const [names, way] of ways) {
    for (const name of names.split(" ")) Object.defineProperty(object, name, { get: () => missing(`${path}.${name}`, way) });
  }
  return object;
}

/** The prototypes of a client and of its chat completions. Members that exist are found first. */
export const ofClient = members("hf", OF_CLIENT);
export const ofChat = members("hf.chat.completions", OF_CHAT);
