// A request's body: reads it within the size limit and checks it against what the operator allows.

import { parseJson } from "./client.js";
import { furtherModels } from "./model.js";
import { Refusal } from "./refusal.js";

const LONGEST_MODEL = 256; // characters, so that matching a pattern never takes long
const PATIENCE = 30_000; // ms to wait for the next part of a body
const MOST_INPUTS = 2_048; // inputs per embeddings request, as in OpenAI's API: each batch of them is a request to the model's server

const bad = (code, message, param = null) => new Refusal(400, code, message, { param });

function tooLarge(limit) {
  return new Refusal(413, "request_too_large", `The body is larger than the ${limit} bytes that this gateway takes.`);
}

async function readText(request, limit, seen) {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge(limit);
  const reader = request.body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  while (reader) {
    const { value, done } = await soon(reader);
    if (done) break;
    seen.bytes += value.byteLength;
    try {
      if (seen.bytes > limit) throw tooLarge(limit);
      text += decoder.decode(value, { stream: true });
    } catch (error) {
      // The rest isn't read.
      reader.cancel().catch(() => {});
      throw error;
    }
  }
  return text + decoder.decode();
}

// Reads the next part of a body. A caller that sends nothing for a while would keep a useless request open.
async function soon(reader) {
  let alarm;
  const late = new Promise((_, reject) => {
    alarm = setTimeout(() => reject(new Refusal(408, "request_timeout", "The body did not come in time.")), PATIENCE);
  });
  try {
    return await Promise.race([reader.read(), late]);
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(alarm);
  }
}

/** Reads a body that isn't needed: many clients read no answer before they have sent their whole body. */
export async function passOver(request, limit) {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return;
  const reader = request.body?.getReader();
  for (let bytes = 0; reader && bytes <= limit; ) {
    const { value, done } = await soon(reader);
    if (done) return;
    bytes += value.byteLength;
  }
  reader?.cancel().catch(() => {});
}

/**
 * The body as an object, for the checks, and as its own text, for sending: this keeps the digits of numbers. The client refuses duplicates of members that it knows, so
 * that what was checked is what the server reads. `seen.bytes` counts what was read.
 */
export async function readBody(request, limit, seen) {
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") throw new Refusal(415, "unsupported_encoding", "Send the body without a Content-Encoding.");
  let text, body;
  try {
    text = await readText(request, limit, seen);
    body = parseJson(text);
  } catch (error) {
    throw error instanceof Refusal ? error : bad("invalid_json", "The body is not JSON.");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw bad("invalid_body", "The body must be a JSON object.");
  return { text, body };
}

// Checks every further model against the list. With a budget there must be none, since the budget is held for the price of one model.
function checkModels(body, allows, spends) {
  const { model } = body;
  if (model === undefined || model === null) throw bad("missing_model", "Name a model.", "model");
  if (typeof model !== "string" || model.length > LONGEST_MODEL) throw bad("invalid_type", `model must be a string of at most ${LONGEST_MODEL} characters.`, "model");
  if (allows === undefined && !spends) return false;
  const further = furtherModels(body);
  const other = spends && further?.find(([, name]) => name !== model);
  if (other) throw bad("unsupported_parameter", `${other[0]} names another model, whose price the budget does not know.`, other[0]);
  if (allows === undefined) return further !== null;
  for (const [param, name] of [["model", model], ...(further ?? [])]) {
    if (name.length > LONGEST_MODEL || !allows(name)) throw new Refusal(403, "model_not_allowed", "This gateway does not offer that model.", { param });
  }
  return further !== null;
}

// Checks a count against its cap; without a cap the server decides. Some servers take -1 as "no maximum".
function checkCount(body, name, most = Infinity) {
  const value = body[name] ?? null;
  if (value === null || most === Infinity) return;
  if (value === -1) throw bad("cap_exceeded", `${name} may be at most ${most} here, and -1 has no end.`, name);
  if (!Number.isInteger(value) || value < 1) throw bad("invalid_type", `${name} must be a positive whole number.`, name);
  if (value > most) throw bad("cap_exceeded", `${name} may be at most ${most} here.`, name);
}

/** Checks a body against the list of models and the caps. Returns the text to send: the caller's own, except for a body that names further models. */
export function checkBody(kind, { text, body }, { allows, caps, spends, unknownMembers }) {
  if (unknownMembers === "refuse") checkMembers(kind, body);
  const further = checkModels(body, allows, spends);
  CHECKS[kind](body, caps, allows);
  // JSON.parse keeps only the last of several members with the same name, at any depth. The checked object is therefore written anew, so that the server can't
  // read another one.
  return further ? JSON.stringify(body) : text;
}

// The members that OpenAI's API and the servers behind Hugging Face's router know, for all kinds of requests and for each.
const KNOWN = {
  all: "model stream stream_options user metadata service_tier safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options tools tool_choice parallel_tool_calls temperature top_p top_logprobs store moderation",
  chat: `messages max_tokens max_completion_tokens stop response_format frequency_penalty presence_penalty seed n logit_bias logprobs reasoning_effort top_k
    min_p typical_p repetition_penalty length_penalty min_tokens stop_token_ids include_stop_str_in_output ignore_eos skip_special_tokens
    spaces_between_special_tokens bad_words allowed_token_ids prompt_logprobs truncate_prompt_tokens echo add_generation_prompt continue_final_message
    chat_template chat_template_kwargs documents guided_json guided_regex guided_choice guided_grammar guided_decoding_backend structured_outputs regex
    ebnf grammar json_schema separate_reasoning include_reasoning reasoning_format reasoning thinking enable_thinking thinking_budget tool_prompt
    adapter_id priority request_id mm_processor_kwargs session_id cache_control modalities audio prediction verbosity web_search_options functions
    function_call`,
  responses: `input instructions max_output_tokens max_tool_calls previous_response_id conversation include prompt reasoning text truncation background
    context_management`,
  completions: `prompt suffix echo best_of max_tokens stop frequency_penalty presence_penalty seed n logit_bias logprobs top_k min_p typical_p repetition_penalty
    length_penalty min_tokens stop_token_ids include_stop_str_in_output ignore_eos skip_special_tokens spaces_between_special_tokens bad_words
    allowed_token_ids prompt_logprobs truncate_prompt_tokens add_special_tokens response_format guided_json guided_regex guided_choice guided_grammar
    structured_outputs regex ebnf grammar json_schema adapter_id priority request_id session_id`,
  embeddings: "input encoding_format dimensions truncate truncation_direction normalize prompt_name input_type",
  rerank: "query documents top_n truncate truncation_direction raw_scores return_text return_documents max_tokens_per_doc max_chunks_per_doc truncate_prompt_tokens",
};

function checkMembers(kind, body) {
  const known = `${KNOWN.all} ${KNOWN[kind]}`.split(/\s+/);
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw bad("unknown_parameter", `This gateway takes no ${unknown.slice(0, LONGEST_MODEL)}.`, unknown.slice(0, LONGEST_MODEL));
}

const CHECKS = { chat: checkChat, completions: checkCompletion, responses: checkResponse, embeddings: ({ input }) => checkInputs("input", input), rerank: ({ documents }) => checkInputs("documents", documents) };

function checkChat(body, { maxTokens, n, messages }) {
  checkMessages(body, "messages", messages);
  checkCount(body, "n", n);
  checkCount(body, "max_tokens", maxTokens);
  checkCount(body, "max_completion_tokens", maxTokens);
}

// Each prompt gets its own answers; the client checks their total number against the same cap.
function checkCompletion(body, { maxTokens, n }) {
  for (const name of ["n", "best_of"]) checkCount(body, name, n);
  checkCount(body, "max_tokens", maxTokens);
}

function checkMessages(body, name, most = Infinity) {
  if (!Array.isArray(body[name]) || body[name].length <= most) return;
  throw bad("cap_exceeded", `A request may have at most ${most} messages here.`, name);
}

function checkResponse(body, { maxTokens, messages }, allows = () => true) {
  checkMessages(body, "input", messages);
  checkCount(body, "max_output_tokens", maxTokens);
  // The usage of a background request would be reported later, to another request, and counted by nobody.
  if (body.background) throw bad("unsupported_parameter", "This gateway takes no requests that run in the background.", "background");
  // A server's own tool may use a model. A function tool isn't checked, since its parameters may mention models in any way.
  for (const tool of Array.isArray(body.tools) ? body.tools : []) {
    if (typeof tool?.model === "string" && !allows(tool.model)) throw new Refusal(403, "model_not_allowed", "This gateway does not offer that model.", { param: "tools" });
  }
}

// A list of numbers is one input, given as tokens.
function checkInputs(name, inputs) {
  if (!Array.isArray(inputs) || inputs.length <= MOST_INPUTS || typeof inputs[0] === "number") return;
  throw bad("cap_exceeded", `A request may have at most ${MOST_INPUTS} ${name === "input" ? "inputs" : name}.`, name);
}

/** A rerank body with the member names of OpenAI-like servers; text-embeddings-inference calls the documents `texts`. */
export function takeTexts({ text, body }) {
  const { texts, ...rest } = body;
  if (texts === undefined || rest.documents !== undefined) return { text, body };
  const named = { ...rest, documents: texts };
  return { text: JSON.stringify(named), body: named };
}

