// Turns a stream of chunks into the AI SDK's stream parts.

import { Answer } from "./answer.js";
import { metadataOf } from "./call.js";
import { forSdk } from "./error.js";
import { isCut, usageOf } from "./finish.js";

/** The parts of one call's stream. */
export async function* partsOf({ data: stream, chunks, first, settled, request, warnings }, { abortSignal, includeRawChunks }) {
  const parts = [{ type: "stream-start", warnings }];
  const answer = new Answer((part) => parts.push(part));
  let failure;
  try {
    for (;;) {
      yield* parts.splice(0);
      const { value, done } = await (first ?? chunks.next());
      first = undefined;
      if (done) break;
      if (includeRawChunks) parts.push({ type: "raw", rawValue: value });
      answer.add(value);
    }
    answer.end(await stream.final());
  } catch (error) {
    const told = forSdk(error, request.body, abortSignal);
    if (error?.name === "APIUserAbortError") throw told;
    answer.end();
    if (!isCut(error)) parts.push({ type: "error", error: told });
    failure = error;
  }
  yield* parts;
  yield { type: "finish", finishReason: answer.finish(failure), usage: usageOf(answer.usage), providerMetadata: metadataOf(await settled) };
}
