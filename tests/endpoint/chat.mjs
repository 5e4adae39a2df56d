// Chat completions: a small deterministic answer that echoes the prompt, in the wire format of the provider that gives it.
import { createHash } from "node:crypto";
import { DONE, events, json, refuse } from "./answer.mjs";
import { findModel, isChatModel } from "./model.mjs";
import { compose, countTokens, promptText } from "./speech.mjs";
import { shapeOf } from "./provider.mjs";

const CREATED = 1790000000;

/** Answers POST …/chat/completions; `routed` is the provider of the path, if any. */
export function answerChat(body, routed) {
  const refusal = refuseBody(body);
  if (refusal) return refusal;
  const [model, suffix] = body.model.split(":");
  const provider = routed ?? pinned(suffix) ?? findModel(model)?.providers.find((offer) => offer.status === "live")?.provider ?? "novita";
  const reply = compose(body, model);
  const envelope = { id: `chatcmpl-${createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 12)}`, created: CREATED, model };
  const usage = usageOf(body, reply);
  const headers = routed ? {} : { "x-inference-provider": provider };
  const shape = shapeOf(provider);
  if (!body.stream) return json(shape.completion(envelope, reply, usage, body), { headers });
  const asked = body.stream_options?.include_usage === true;
  return events([...shape.chunks(envelope, reply, usage, { asked, choices: body.n ?? 1 }), DONE], { headers });
}

function pinned(suffix) {
  return suffix === undefined || ["fastest", "cheapest", "preferred"].includes(suffix) ? null : suffix;
}

function refuseBody(body) {
  if (body === null || typeof body !== "object" || !Array.isArray(body.messages)) {
    return refuse(422, "Failed to deserialize the JSON body into the target type: missing field `messages` at line 1 column 2");
  }
  if (typeof body.model !== "string" || body.model === "") return refuse(400, modelError("model", "Missing required parameter: 'model'.", null));
  const model = body.model.split(":")[0];
  if (/no-such|does-not-exist/.test(model)) {
    return refuse(400, modelError("model", `The requested model '${model}' does not exist.`, "model_not_found"));
  }
  if (!isChatModel(model)) {
    return refuse(400, modelError("model", `The requested model '${model}' is not supported by any provider you have enabled.`, "model_not_supported"));
  }
  if (body.temperature < 0) return refuse(422, { error: "Input validation error: `temperature` must be strictly positive", error_type: "validation" });
  return null;
}

function modelError(param, message, code) {
  return { error: { message, type: "invalid_request_error", param, code } };
}

function usageOf(body, reply) {
  const prompt = countTokens(promptText(body));
  const answered = reply.words.length + reply.thoughts.length + (reply.calls.length ? countTokens(JSON.stringify(reply.calls)) : 0);
  const completion = answered * (body.n ?? 1);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
