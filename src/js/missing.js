// Members of the `openai` client that hfetch doesn't have. They throw an error that names the alternative, instead of a bare TypeError.

import { makeError } from "./error.js";

const NONE = "Hugging Face's inference has none";
const FETCH = "send such a request with fetch";
const NOT_STORED = "no server keeps completions: keep what create() gave";

const OF_CLIENT = {
  responses: "use chat.completions; a gateway of hfetch passes POST /v1/responses through",
  beta: "use chat.completions.parse(), runTools() and stream()",
  images: "use @huggingface/inference's textToImage()",
  videos: "use @huggingface/inference's textToVideo()",
  audio: "use @huggingface/inference's automaticSpeechRecognition() and textToSpeech()",
  moderations: "ask a model by chat.completions",
  batches: `${NONE}: send the calls, under limits.maxConcurrent`,
  vectorStores: "use embeddings.create() and a store of your own",
  ...named("files uploads fineTuning evals graders containers conversations webhooks realtime", NONE),
  ...named("get post put patch delete request", FETCH),
};
const OF_CHAT = named("retrieve update delete list messages", NOT_STORED);

function named(names, way) {
  return Object.fromEntries(names.split(" ").map((name) => [name, way]));
}

// A function whose members are such functions. Libraries that wrap a client check whether a member exists, so only a call throws.
function missing(path, way) {
  const call = () => {
    throw makeError("ConfigError", `${path} is not part of hfetch: ${way}`, { path });
  };
  const get = (target, name) => (name in target || typeof name !== "string" || ["then", "toJSON"].includes(name) ? target[name] : missing(path, way));
  return new Proxy(call, { get });
}

function members(path, ways) {
  const getters = Object.entries(ways).map(([name, way]) => [name, { get: () => missing(`${path}.${name}`, way) }]);
  return Object.create(Object.prototype, Object.fromEntries(getters));
}

/** The prototypes of a client and of its chat completions. Members that exist are found first. */
export const ofClient = members("hf", OF_CLIENT);
export const ofChat = members("hf.chat.completions", OF_CHAT);
