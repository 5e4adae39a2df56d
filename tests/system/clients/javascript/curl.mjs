// The plainest client there is: it prints what arrived.
import { spawn } from "node:child_process";
import { asks, FORMAT, inTwoSteps, TOOL } from "./question.mjs";

export default function open({ baseURL, key }) {
  const start = (path, body, flags = []) =>
    spawn("curl", ["-sS", "-N", ...flags, "--write-out", "\n%{http_code}", `${baseURL}${path}`, "-H", `Authorization: Bearer ${key}`, "-H", "Content-Type: application/json", "-d", JSON.stringify(body)]);
  const post = async (path, body, signal) => {
    const child = start(path, body);
    signal?.addEventListener("abort", () => child.kill());
    let output = "";
    for await (const part of child.stdout) output += part;
    const status = Number(output.slice(output.lastIndexOf("\n")));
    const answer = JSON.parse(output.slice(0, output.lastIndexOf("\n")) || "null");
    if (status !== 200 || answer?.error) throw Object.assign(new Error(answer?.error?.message ?? "no answer"), { status, code: answer?.error?.code });
    return answer;
  };
  const complete = async (body, signal) => (await post("/chat/completions", body, signal)).choices[0].message;
  return {
    chat: async (model, text, signal) => (await complete({ model, messages: asks(text) }, signal)).content,
    async *stream(model, text) {
      const child = start("/chat/completions", { model, messages: asks(text), stream: true });
      let rest = "";
      try {
        for await (const part of child.stdout) {
          const events = (rest + part).split("\n\n");
          rest = events.pop();
          for (const data of events.map((event) => /^data: (.*)$/m.exec(event)?.[1]).filter((data) => data && data !== "[DONE]")) {
            const { error, choices } = JSON.parse(data);
            if (error) throw Object.assign(new Error(error.message), { code: error.code });
            yield choices[0]?.delta.content;
          }
        }
      } finally {
        child.kill();
      }
    },
    tools: (model, text) => inTwoSteps(text, (messages) => complete({ model, messages, tools: [TOOL] })),
    structured: async (model, text) => JSON.parse((await complete({ model, messages: asks(text), response_format: FORMAT })).content),
    embeddings: async (model, input) => (await post("/embeddings", { model, input })).data.map(({ embedding }) => embedding),
  };
}
