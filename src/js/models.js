// The provider page's own list, in its order: a constant, so that it is there before anything is loaded. The core knows the
// text-generation models as well (src/wire/request/route.rs).

const TEXT = "text-generation";
const CHAT = "conversational";

const CALLS = { [TEXT]: "completions", [CHAT]: "chat.completions" };

export const MODELS = Object.freeze(
  [
    { id: "microsoft/DialoGPT-medium", group: TEXT, task: TEXT },
    { id: "microsoft/DialoGPT-large", group: TEXT, task: TEXT },
    { id: "google/flan-t5-base", group: TEXT, task: TEXT },
    { id: "microsoft/Phi-2", group: TEXT, task: TEXT },
    { id: "google/gemma-7b", group: TEXT, task: TEXT },
    { id: "mistralai/Mistral-7B-Instruct-v0.1", group: "large", task: CHAT },
    { id: "meta-llama/Llama-2-7b-chat-hf", group: "large", task: CHAT },
    { id: "bigscience/bloom-560m", group: "large", task: TEXT },
    { id: "microsoft/Phi-3-mini-4k-instruct", group: "instruct", task: CHAT },
    { id: "meta-llama/Llama-3.1-8B-Instruct", group: "instruct", task: CHAT },
  ].map((model) => Object.freeze({ ...model, call: CALLS[model.task] })),
);
