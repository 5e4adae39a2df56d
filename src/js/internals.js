// What hfetch/gateway takes beside the public names: it runs on the module that the entry has loaded.

import { HuggingFace } from "./client.js";
import { Upstream } from "./upstream.js";

Object.defineProperty(HuggingFace, Symbol.for("hfetch.internals"), { value: Object.freeze({ Upstream }) });
