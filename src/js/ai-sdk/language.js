// Language models: chat completions, and plain completions.

import { Answer } from "./answer.js";
import { bodyOf } from "./body.js";
import { aboutWhole, asked } from "./call.js";
import { readable } from "./client.js";
import { completionBodyOf } from "./completion.js";
import { conceding } from "./concession.js";
import { usageOf } from "./finish.js";
import { partsOf } from "./stream.js";

// Addresses that models fetch by themselves. Of the rest the SDK brings the bytes.
const URLS = [/^https?:\/\//];

export const chatModel = /* @__PURE__ */ modelOf("chat", (client) => client.chat.completions, bodyOf, { "image/*": URLS, "video/*": URLS });

export const completionModel = /* @__PURE__ */ modelOf("completion", (client) => client.completions, completionBodyOf, {});

// A kind of models: what they are asked through, and how a body is made for them.
function modelOf(kind, api, bodyFor, supportedUrls) {
  return (client, modelId) => {
    // Sends a call, and once more without what its server refuses.
    const ask = (options, stream) =>
      conceding(client(), modelId, options, async (without, form) => {
        const { body, warnings } = bodyFor(modelId, options, without, form);
        return { ...(await asked(api(client()), { ...body, stream }, options, form)), warnings };
      });
    return {
      specificationVersion: "v4",
      provider: `huggingface.${kind}`,
      modelId,
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

// Puts together what a stream would have told in parts.
function gather(content, part) {
  const { type, id, delta, ...rest } = part;
  const [kind, piece] = type.split("-");
  if (piece === "start") content.push({ type: kind, text: "", ...rest });
  else if (piece === "delta") content.at(-1).text += delta;
  else if (/call|source|file/.test(type)) content.push(part);
}
