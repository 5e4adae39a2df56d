// The models on Hugging Face's provider page, in the page's order. They are a constant, so that they are available before the module is loaded. The
// core reads the same file, src/wire/models.json, which the build copies next to this one.

import listed from "./models.json" with { type: "json" };

const CALLS = { "text-generation": "completions", conversational: "chat.completions" };

export const MODELS = Object.freeze(listed.map(([id, group, task]) => Object.freeze({ id, group, task, call: CALLS[task] })));
