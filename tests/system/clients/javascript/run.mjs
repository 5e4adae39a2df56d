// Runs one client: reads on its input what to do, line by line, and writes the results to its output.
// node run.mjs <client>, with BASE_URL.
import { createInterface } from "node:readline";
import { QUESTION, TEXTS } from "./question.mjs";

const { default: open } = await import(`./${process.argv[2]}.mjs`);

async function read(stream, left = () => false) {
  const told = { text: "", pieces: 0 };
  try {
    for await (const piece of stream) {
      if (!piece) continue;
      told.text += piece;
      told.pieces += 1;
      if (left()) break;
    }
  } catch (error) {
    told.error = describe(error);
  }
  return told;
}

function describe(error) {
  const { status, statusCode, code, error: inner, httpResponse, responseBody, lastError } = error ?? {};
  return { name: error?.name ?? typeof error, message: String(error?.message ?? error), status: status ?? statusCode ?? httpResponse?.status ?? lastError?.statusCode ?? null, code: code ?? inner?.code ?? null, body: responseBody };
}

const features = {
  chat: async (client, model) => ({ text: await client.chat(model, QUESTION) }),
  stream: async (client, model) => read(client.stream(model, QUESTION, new AbortController().signal)),
  tools: async (client, model) => ({ text: await client.tools(model, "How warm is it in Paris?") }),
  structured: async (client, model) => ({ value: await client.structured(model, "How warm is it in Paris?") }),
  embeddings: async (client, model) => ({ vectors: (await client.embeddings(model, TEXTS)).map((vector) => Array.from(vector)) }),
  async abort(client, model) {
    const controller = new AbortController();
    const told = await read(client.stream(model, QUESTION, controller.signal), () => true);
    controller.abort();
    return told;
  },
  async leave(client, model) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    return { text: await client.chat(model, QUESTION, controller.signal) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { feature, model, key, retries } = JSON.parse(line);
  const told = await (async () => {
    try {
      const client = await open({ baseURL: process.env.BASE_URL, key, retries });
      return await features[feature](client, model);
    } catch (error) {
      return { error: describe(error) };
    }
  })();
  process.stdout.write(`\n@${JSON.stringify(told)}\n`);
}
process.exit(0);
