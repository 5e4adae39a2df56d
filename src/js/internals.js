// What hfetch/gateway takes beside the public names: it runs on the module that the entry has loaded.

import { StoreHandle } from "./hfetch_bg.js";
import { HuggingFace } from "./client.js";
import { dataText } from "./options.js";
import { Upstream } from "./upstream.js";

Object.defineProperty(HuggingFace, Symbol.for("hfetch.internals"), { value: Object.freeze({ StoreHandle, Upstream, dataText }) });
