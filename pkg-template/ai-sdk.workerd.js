// The AI SDK's provider in Workers.
import { HuggingFace } from "./workerd.js";
import { open } from "./ai-sdk/public.js";

export const { createHuggingFace, huggingface } = open(HuggingFace);
