// The catalogue: chat models with their offers, in the form of GET /v1/models. Prices are USD per million tokens; some offers have none.
import { json, refuse } from "./answer.mjs";

const offer = (provider, input, output, context_length, first_token_latency_ms, throughput, extra = {}) => ({
  provider, status: "live", context_length, pricing: { input, output }, supports_tools: true, supports_structured_output: true,
  first_token_latency_ms, throughput, is_model_author: false, ...extra,
});
/** An offer without a price and other details. */
const bare = (provider, status = "live") => ({ provider, status, is_model_author: false });

const OFFERS = {
  "meta-llama/Llama-3.1-8B-Instruct": [offer("novita", 0.02, 0.05, 16384, 480, 92.4), offer("cerebras", 0.1, 0.1, 131072, 210, 1980.5), offer("scaleway", 0.2, 0.2, 128000, 390, 121.7), bare("featherless-ai")],
  "meta-llama/Llama-3.3-70B-Instruct": [offer("groq", 0.59, 0.79, 131072, 180, 276.1), offer("together", 0.88, 0.88, 131072, 610, 88.2), offer("sambanova", 0.6, 1.2, 131072, 900, 240, { status: "error" })],
  "meta-llama/Llama-4-Scout-17B-16E-Instruct": [offer("groq", 0.11, 0.34, 131072, 190, 320.9), offer("novita", 0.18, 0.59, 131072, 700, 61.2)],
  "meta-llama/Llama-4-Maverick-17B-128E-Instruct": [offer("together", 0.27, 0.85, 1048576, 520, 77.8), bare("fireworks-ai")],
  "deepseek-ai/DeepSeek-R1": [offer("together", 3, 7, 163840, 1200, 55.3), offer("novita", 0.7, 2.5, 163840, 1810, 33.1)],
  "deepseek-ai/DeepSeek-V3.2": [offer("novita", 0.27, 0.4, 163840, 1420, 41.7), bare("fireworks-ai"), bare("featherless-ai")],
  "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": [offer("nscale", 0.3, 0.3, 32768, 640, 48.8)],
  "openai/gpt-oss-120b": [offer("groq", 0.15, 0.6, 131072, 160, 498.2), offer("cerebras", 0.25, 0.69, 131072, 220, 2740.1), offer("novita", 0.05, 0.25, 131072, 610, 97.5)],
  "openai/gpt-oss-20b": [offer("groq", 0.075, 0.3, 131072, 140, 960.3), offer("ovhcloud", 0, 0, 131072, 330, 210.5, { is_free: true })],
  "Qwen/Qwen3-235B-A22B-Instruct-2507": [offer("novita", 0.09, 0.58, 131072, 980, 38.9), offer("together", 0.2, 0.6, 262144, 640, 52.2), offer("cerebras", 0.6, 1.2, 131072, 260, 1490.4)],
  "Qwen/Qwen3-32B": [offer("groq", 0.29, 0.59, 131072, 200, 410.8), offer("nscale", 0.08, 0.25, 40960, 560, 66.9)],
  "Qwen/Qwen3-8B": [offer("nscale", 0.07, 0.18, 40960, 410, 88.1), bare("featherless-ai")],
  "Qwen/Qwen3-Coder-480B-A35B-Instruct": [offer("novita", 0.29, 1.2, 262144, 1110, 47.3), offer("together", 2, 2, 262144, 880, 61.9)],
  "Qwen/Qwen2.5-7B-Instruct": [offer("together", 0.3, 0.3, 32768, 420, 104.4), bare("featherless-ai")],
  "Qwen/Qwen2.5-72B-Instruct": [offer("novita", 0.38, 0.4, 32000, 890, 31.2), bare("featherless-ai")],
  "Qwen/Qwen2.5-VL-7B-Instruct": [offer("hyperbolic", 0.2, 0.2, 32768, 800, 70.2, { status: "error" }), bare("featherless-ai")],
  "Qwen/QwQ-32B": [offer("nscale", 0.18, 0.2, 131072, 700, 45.8)],
  "google/gemma-3-27b-it": [offer("scaleway", 0.25, 0.5, 40000, 480, 49.9, { supports_tools: false }), offer("novita", 0.119, 0.2, 98304, 760, 35.5)],
  "google/gemma-3-12b-it": [bare("featherless-ai")],
  "google/gemma-2-9b-it": [bare("featherless-ai"), offer("nebius", 0.02, 0.06, 8192, 400, 120.1, { status: "error" })],
  "mistralai/Mistral-7B-Instruct-v0.2": [bare("featherless-ai")],
  "mistralai/Mistral-7B-Instruct-v0.3": [offer("novita", 0.029, 0.059, 32768, 510, 84.6), bare("featherless-ai")],
  "mistralai/Mixtral-8x7B-Instruct-v0.1": [offer("together", 0.6, 0.6, 32768, 560, 97.7)],
  "mistralai/Mistral-Small-3.2-24B-Instruct-2506": [offer("scaleway", 0.15, 0.35, 131072, 340, 88.4)],
  "moonshotai/Kimi-K2-Instruct": [offer("groq", 1, 3, 131072, 310, 220.6), offer("novita", 0.57, 2.3, 131072, 1240, 27.7), offer("together", 1, 3, 131072, 900, 40.2)],
  "zai-org/GLM-4.6": [offer("zai-org", 0.6, 2.2, 200000, 900, 62.1, { is_model_author: true }), offer("novita", 0.6, 2.2, 204800, 1300, 40.9)],
  "CohereLabs/command-a-03-2025": [offer("cohere", 2.5, 10, 256000, 420, 71.3, { is_model_author: true })],
  "HuggingFaceTB/SmolLM3-3B": [offer("hf-inference", 0, 0, 65536, 600, 40.1, { is_free: true })],
  "microsoft/phi-4": [offer("nscale", 0.07, 0.14, 16384, 450, 80.8), bare("deepinfra", "staging")],
  "baidu/ERNIE-4.5-21B-A3B-PT": [offer("novita", 0.07, 0.28, 120000, 690, 58.8)],
  "swiss-ai/Apertus-8B-Instruct-2509": [bare("publicai")],
};

const VISION = /VL|gemma-3|Llama-4/;

const MODELS = Object.entries(OFFERS).map(([id, providers], i) => ({
  id, object: "model", created: 1720000000 + i * 1_000_000, owned_by: id.split("/")[0],
  architecture: { input_modalities: VISION.test(id) ? ["text", "image"] : ["text"], output_modalities: ["text"] },
  providers,
}));

/** Models of the provider page that the router doesn't serve as chat models. */
const NO_CHAT = /DialoGPT|blenderbot|flan-t5|bloom|Phi-2$|phi-2$|gemma-7b$|Mistral-7B-Instruct-v0\.1|Llama-2-7b|Phi-3-mini/;

export function isChatModel(id) {
  return !NO_CHAT.test(id);
}

export function findModel(id) {
  return MODELS.find((model) => model.id === id);
}

export function answerModels() {
  return json({ object: "list", data: MODELS });
}

export function answerModel(id) {
  const model = findModel(id);
  if (model) return json(model);
  return refuse(404, { error: { message: `The model '${id}' does not exist`, type: "invalid_request_error", param: "model", code: "model_not_found" } });
}
