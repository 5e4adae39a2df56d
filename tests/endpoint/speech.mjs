// The stand-in's words: always the same for the same request.
import { jsonFor } from "./form.mjs";
import { prepared } from "./showcase.mjs";

/** The reply to a chat body: words, reasoning, tool calls, and the finish reason. */
export function compose(body, model) {
  const thoughts = /r1|reason|think|qwq|gpt-oss/i.test(model) ? ["The user", " wants", " an echo."] : [];
  const tool = wantedTool(body);
  if (tool) return { thoughts, words: [], calls: [callOf(tool, body)], finish: "tool_calls" };
  const text = body.response_format?.type?.startsWith("json") ? jsonFor(body.response_format, lastUserText(body)) : echo(body);
  return { thoughts, calls: [], ...bounded(pieces(text), body) };
}

function echo(body) {
  const last = body.messages.at(-1);
  if (last?.role === "tool") return `The tool answered: ${contentText(last.content)}`;
  const said = lastUserText(body).trim();
  return prepared(said) ?? answerTo(said);
}

function answerTo(said) {
  return said === "" ? "You sent no text, so there is nothing to echo." : `You said: ${said}\n\nThat is all this endpoint can say about it.`;
}

/** Word by word, each with the white space before it, as tokens arrive. */
export function pieces(text) {
  return text.match(/\s*\S+/gu) ?? [text];
}

export function bounded(words, body) {
  const stop = [body.stop ?? []].flat().find((sequence) => sequence && words.join("").includes(sequence));
  if (stop !== undefined) {
    const text = words.join("");
    words = pieces(text.slice(0, text.indexOf(stop))).filter((word) => word !== "");
  }
  const most = body.max_tokens ?? body.max_completion_tokens ?? 1024;
  return words.length > most ? { words: words.slice(0, most), finish: "length" } : { words, finish: "stop" };
}

function wantedTool(body) {
  if (!Array.isArray(body.tools) || body.tools.length === 0 || body.tool_choice === "none") return null;
  if (body.messages.at(-1)?.role === "tool") return null;
  const named = body.tool_choice?.function?.name;
  return body.tools.find((tool) => tool.function?.name === named) ?? body.tools[0];
}

function callOf(tool, body) {
  const properties = Object.keys(tool.function?.parameters?.properties ?? {});
  const value = lastUserText(body);
  return { id: "call_0a1b2c", name: tool.function?.name ?? "tool", arguments: JSON.stringify(Object.fromEntries(properties.map((name) => [name, value]))) };
}

function lastUserText(body) {
  return contentText(body.messages.findLast((message) => message.role === "user")?.content);
}

/** All text of a prompt, for counting. */
export function promptText(body) {
  return body.messages.map((message) => contentText(message.content)).join("\n");
}

function contentText(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => part.text ?? "").join("");
}

/** One token per word or begun four letters of it, which is plausible enough. */
export function countTokens(text) {
  const words = text.match(/\S+/gu) ?? [];
  return words.reduce((sum, word) => sum + Math.max(1, Math.ceil([...word].length / 4)), 3);
}
