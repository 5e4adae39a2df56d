// What programs written for `openai` may call and is not here: an error that names the way, where a TypeError would name nothing.

import { makeError } from "./error.js";

const NO_SUCH_API = "Hugging Face's servers have no such API.";
const OTHER_TASKS = "it makes chat, completions and embeddings; for other tasks send the request with fetch, or use @huggingface/inference.";
const BY_FETCH = "for routes of a server's own use fetch.";
const NOT_STORED = "no server keeps completions: keep what create() gave.";

const OF_CLIENT = {
  responses: "use hf.chat.completions.create, which every model that chats is served by; hfetch/gateway passes the Responses API on.",
  beta: "what was beta is at hf.chat.completions.",
  ...named("images audio videos moderations", OTHER_TASKS),
  ...named("files uploads batches fineTuning vectorStores evals graders containers conversations webhooks realtime skills", NO_SUCH_API),
  ...named("get post put patch delete request", BY_FETCH),
};

const OF_CHAT = {
  stream: "call create({ ..., stream: true }): its stream has text(), final() and abort().",
  ...named("retrieve update delete list messages", NOT_STORED),
};

function named(names, way) {
  return Object.fromEntries(names.split(" ").map((name) => [name, way]));
}

// A function with members that are such functions: to ask whether one is there, or to wrap it, throws nothing; to call it does.
function missing(path, way) {
  const call = () => {
    throw makeError("ConfigError", `${path} is not part of hfetch: ${way}`, { path });
  };
  return new Proxy(call, {
    get: (target, name) => (typeof name === "string" && !["then", "toJSON"].includes(name) && !(name in target) ? missing(`${path}.${name}`, way) : target[name]),
  });
}

function members(path, ways) {
  const getters = Object.entries(ways).map(([name, way]) => [name, { get: () => missing(`${path}.${name}`, way), configurable: true }]);
  return Object.defineProperties({}, Object.fromEntries(getters));
}

/** What stands behind a client's prototype, and behind its chat completions: what is there goes before it. */
export const ofClient = members("hf", OF_CLIENT);
export const ofChat = members("hf.chat.completions", OF_CHAT);
