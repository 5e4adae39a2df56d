// The clients: how each is run, and what it can't do for reasons of its own; that isn't tried.
const NO_EMBEDDINGS = "it has none";
const NO_SIGNAL = "a call that waits can't be taken back";

const python = (name, module, without = {}) => ({ name, language: "python", module, without: { leave: NO_SIGNAL, ...without } });
const javascript = (name, module, without = {}) => ({ name, language: "javascript", module, without });

export const clients = [
  javascript("hfetch", "hfetch"),
  javascript("openai", "openai"),
  javascript("openai, Responses", "openai-responses", { embeddings: NO_EMBEDDINGS }),
  javascript("ai + @ai-sdk/openai-compatible", "ai-sdk"),
  javascript("@huggingface/inference", "huggingface-inference", { embeddings: "its embeddings have another path than OpenAI's" }),
  javascript("@langchain/openai", "langchain"),
  javascript("@tanstack/ai, chat completions", "tanstack"),
  javascript("@tanstack/ai, Responses", "tanstack-responses"),
  javascript("@openai/agents", "openai-agents", { embeddings: NO_EMBEDDINGS }),
  javascript("curl", "curl"),
  python("openai", "openai_"),
  python("huggingface_hub", "huggingface_hub_", { embeddings: "its embeddings have another path than OpenAI's" }),
  python("litellm", "litellm_"),
  python("pydantic-ai, Responses", "pydantic_ai_", { embeddings: NO_EMBEDDINGS }),
  python("pydantic-ai, chat completions", "pydantic_ai_chat", { embeddings: NO_EMBEDDINGS }),
  python("instructor", "instructor_", { embeddings: NO_EMBEDDINGS, tools: "its tools are structured output", abort: "it reads a stream to its end before it hands on anything" }),
  python("langchain-openai", "langchain_"),
  python("llama-index", "llama_index_"),
  python("smolagents", "smolagents_", { embeddings: NO_EMBEDDINGS }),
];
