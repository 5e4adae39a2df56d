// Language models: chat completions and text completions.

import { Answer } from "./answer.js";
import { bodyOf } from "./body.js";
import { aboutWhole, asked, modelOf } from "./call.js";
import { readable } from "./client.js";
import { completionBodyOf } from "./completion.js";
import { conceding } from "./concession.js";
import { usageOf } from "./finish.js";
import { partsOf } from "./stream.js";

// URLs that models can fetch themselves. The SDK downloads all other files.
const URLS = [/^https?:\/\//];

export const chatModel = /* @__PURE__ */ languageModel("chat", (client) => client.chat.completions, bodyOf, { "image/*": URLS, "video/*": URLS });

export const completionModel = /* @__PURE__ */ languageModel("completion", (client) => client.completions, completionBodyOf, {});

// Makes a kind of language model: `api` returns the client's function to call, `bodyFor` makes a body.
function languageModel(kind, api, bodyFor, supportedUrls) {
  return (client, modelId) => {
    // Makes the call. If its server refuses something, it is made once more without that.
    const ask = (options, stream) =>
      conceding(client(), modelId, options, async (without, form) => {
        const { body, warnings } = bodyFor(modelId, options, without, form);
        return { ...(await asked(api(client()), { ...body, stream }, options, form)), warnings };
      });
    return {
      ...modelOf(kind, modelId),
      supportedUrls,
      async doGenerate(options) {
        const call = await ask(options, false);
        const content = [];
        const answer = new Answer((part) => gather(content, part));
        answer.end(call.data);
        return { ...(await aboutWhole(call)), content, finishReason: answer.finish(), usage: usageOf(answer.usage) };
      },
      async doStream(options) {
        const call = await ask(options, true);
        return { stream: readable(partsOf(call, options), () => call.data.return()), request: call.request, response: call.response };
      },
    };
  };
}

// Adds a stream's part to the content of a whole answer.
function gather(content, part) {
  const { type, id, delta, ...rest } = part;
  const [kind, piece] = type.split("-");
  if (piece === "start") content.push({ type: kind, text: "", ...rest });
  else if (piece === "delta") content.at(-1).text += delta;
  else if (/call|source|file/.test(type)) content.push(part);
}
