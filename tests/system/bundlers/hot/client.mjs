// A module that a person edits while the page is open: the test writes another number into it.
import { HuggingFace } from "hfetch";

export const edition = 1;

const baseURL = `${new URL(location.href).searchParams.get("endpoint")}/v1`;
export const hf = new HuggingFace({ apiKey: "hf_hot", baseURL, model: "meta-llama/Llama-3.1-8B-Instruct", limits: { maxConcurrent: 2 } });
