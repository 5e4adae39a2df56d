// The questions that every client asks.
import { z } from "zod";

export const QUESTION = "What is the capital of France?";
export const TEXTS = ["one", "two"];
export const City = z.object({ city: z.string(), degrees: z.number() });
export const Place = z.object({ city: z.string() });
export const weather = ({ city }) => ({ city, degrees: 21 });
export const asks = (content) => [{ role: "user", content }];
export const TOOL = {
  type: "function",
  function: { name: "weather", description: "The weather of a city.", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false } },
};
export const FORMAT = { type: "json_schema", json_schema: { name: "city", strict: true, schema: z.toJSONSchema(City) } };

/** Two steps of using a tool by hand; `complete` asks once. */
export async function inTwoSteps(content, complete) {
  const messages = asks(content);
  const first = await complete(messages);
  const [call] = first.tool_calls;
  const result = weather(JSON.parse(call.function.arguments));
  const { content: text } = await complete([...messages, first, { role: "tool", tool_call_id: call.id, content: JSON.stringify(result) }]);
  return text;
}
