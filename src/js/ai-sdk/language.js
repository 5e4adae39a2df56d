// Language models: chat completions, and plain completions, whose texts are read as a chat's.

import { bodyOf } from "./body.js";
import { metadataOf, requestOptions } from "./call.js";
import { completionBodyOf } from "./completion.js";
import { begun, conceding } from "./concession.js";
import { IN_TEXT, beside, callIds, callsOf, citations, isFirst, textsOf, thoughtOf } from "./content.js";
import { forSdk, recordOf } from "./error.js";
import { finishOf, identityOf, usageOf } from "./finish.js";
import { partsOf } from "./stream.js";
import { Thinking } from "./thinking.js";

// Addresses that models fetch by themselves. Of the rest the SDK brings the bytes.
const SUPPORTED_URLS = { "image/*": [/^https?:\/\//], "video/*": [/^https?:\/\//] };

export const chatModel = /* @__PURE__ */ modelOf("chat", (client) => client.chat.completions, bodyOf, SUPPORTED_URLS, (answer) => answer);

const asChat = ({ text, ...choice }) => ({ ...choice, message: { content: text } });
export const completionModel = /* @__PURE__ */ modelOf("completion", (client) => client.completions, completionBodyOf, {}, (answer) => ({ ...answer, choices: answer.choices?.map(asChat) }));

// A kind of models: what they are asked through, how a body is made for them, and their answers and chunks made a chat's.
function modelOf(kind, api, bodyFor, supportedUrls, read) {
  return (client, modelId) => {
    // Sends a call, and once more without what its server refuses.
    const ask = async (options, stream) => {
      let body;
      try {
        return await conceding(client(), modelId, options, async (without, form) => {
          const { body: asked, warnings } = bodyFor(modelId, options, without, form);
          body = { ...asked, stream };
          const pending = api(client()).create(body, requestOptions(options));
          const { data, response } = await pending.withResponse();
          return { data, chunks: stream && (await begun(data, form)), settled: pending.settled, headers: recordOf(response.headers), body, warnings };
        });
      } catch (error) {
        throw forSdk(error, body, options.abortSignal);
      }
    };
    return {
      specificationVersion: "v4",
      provider: `huggingface.${kind}`,
      modelId,
      supportedUrls,
      async doGenerate(options) {
        const { data, settled, headers, body, warnings } = await ask(options, false);
        return {
          ...answerOf(read(data)),
          usage: usageOf(data.usage),
          providerMetadata: metadataOf(await settled),
          request: { body },
          response: { ...identityOf(data), headers, body: data },
          warnings,
        };
      },
      async doStream(options) {
        const { data, chunks, headers, body, warnings } = await ask(options, true);
        const stream = partsOf(data, chunks, { body, read, signal: options.abortSignal, raw: options.includeRawChunks, lead: [{ type: "stream-start", warnings }] });
        return { stream, request: { body }, response: { headers } };
      },
    };
  };
}

function answerOf(completion) {
  const { message, finish_reason: reason } = completion.choices.find(isFirst) ?? completion.choices[0];
  const said = message ?? {};
  const seen = new Set();
  const thought = thoughtOf(said);
  const content = thought === null ? [] : [{ type: "reasoning", text: thought.text, providerMetadata: { hfetch: thought.form } }];
  for (const text of textsOf(said)) content.push(...textParts(text));
  const calls = callsOf(said, callIds());
  content.push(...calls, ...beside(said, seen), ...citations(completion, seen));
  return { content, finishReason: finishOf(reason, { hasCalls: calls.length > 0, hasRefusal: Boolean(said.refusal) }) };
}

function textParts(text) {
  const thinking = new Thinking();
  const pieces = [...thinking.push(text), ...thinking.end()];
  return pieces.map(([isReasoning, text]) => (isReasoning ? { type: "reasoning", text, providerMetadata: { hfetch: IN_TEXT } } : { type: "text", text }));
}
