// The provider page's own list, in its order: a constant, so that it is there before anything is loaded. The core reads the same file,
// src/wire/models.json, which the build puts beside this one.

import listed from "./models.json" with { type: "json" };

const CALLS = { "text-generation": "completions", conversational: "chat.completions" };

export const MODELS = Object.freeze(listed.map(([id, group, task]) => Object.freeze({ id, group, task, call: CALLS[task] })));
