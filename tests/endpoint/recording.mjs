// One long answer as bytes, for measuring decoders: common words, in a provider's own format.
import { DONE, dataFrame } from "./answer.mjs";
import { generator } from "./delivery.mjs";
import { shapeOf } from "./provider.mjs";

const WORDS = "the of and to in a is that for it as was with be by on not he this are or his from at which but have an had they you were their one all we can her has there been if more when will would who so no über 日本 naïve — “quoted”".split(" ");
const ENVELOPE = { id: "chatcmpl-4ef92b12-fb9d-486f-8b98-af9b5ecac736", created: 1790000000, model: "meta-llama/Llama-3.1-8B-Instruct" };

/** The body of a stream of `count` words; its bytes are always the same. */
export function recordStream(count = 2000, provider = "novita") {
  const random = generator(42);
  const words = Array.from({ length: count }, () => (random() < 0.04 ? "\n\n" : ` ${WORDS[Math.floor(random() * WORDS.length)]}`));
  const usage = { prompt_tokens: 12, completion_tokens: count, total_tokens: 12 + count };
  const chunks = shapeOf(provider).chunks(ENVELOPE, { thoughts: [], words, calls: [], finish: "stop" }, usage, { asked: true, choices: 1 });
  return [...chunks].map(dataFrame).join("") + DONE;
}
