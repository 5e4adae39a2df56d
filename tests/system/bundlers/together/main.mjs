// Several entries in one page share one client, and its module is loaded once.
import * as web from "hfetch/web";
import { createHuggingFace } from "hfetch/ai-sdk";
import { report } from "../../../package/runtime/page-report.mjs";

const endpoint = new URL(location.href).searchParams.get("endpoint");
const results = [];
const check = (name, ok, error) => results.push({ name, ok, error: String(error) });

const provider = createHuggingFace({ apiKey: "hf_page", baseURL: `${endpoint}/v1` });
check("the provider's client is hfetch/web's", provider.client instanceof web.HuggingFace, provider.client);
const prompt = [{ role: "user", content: [{ type: "text", text: "Hello" }] }];
const { content } = await provider("org/model").doGenerate({ prompt });
check("it answers", content[0].text.includes("You said: Hello"), JSON.stringify(content));
check("what is thrown is known to hfetch/web", await provider.client.models.retrieve(7).then(String, (error) => error instanceof web.ConfigError), "");
const came = performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1));
const isText = came.some((name) => /^wasm-module/.test(name));
// If the file is included, the text isn't.
check("the module came once", !(came.some((name) => /\.wasm/.test(name)) && isText), came);
const plain = await import("hfetch");
check("hfetch itself has the same client", plain.HuggingFace === web.HuggingFace && plain.estimateTokens("hello") === web.estimateTokens("hello"), "");
await report({ results });
