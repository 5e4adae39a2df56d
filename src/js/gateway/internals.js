// What of the package's main entry the gateway builds on, beside its public names.

import { HuggingFace } from "../client.js";

export const internals = () => HuggingFace[Symbol.for("hfetch.internals")];
