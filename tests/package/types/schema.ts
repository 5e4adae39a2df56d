// The types that follow from a schema: of zod, valibot and arktype, of a JSON Schema with one of them, and without any.
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { HuggingFace, StructuredOutputError, type DeepPartial, type ParsedStream, type Tool, type ToolRun } from "hfetch";
import * as v from "valibot";
import { z } from "zod";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_yes: Same<A, B>): void => {};

declare const hf: HuggingFace;
const messages = [{ role: "user" as const, content: "Ghent?" }];
type City = { city: string; people: number };

const zod = z.object({ city: z.string(), people: z.number() });
const valibot = v.object({ city: v.string(), people: v.number() });
const ark = type({ city: "string", people: "number" });

export async function parsed(): Promise<void> {
  const byZod = await hf.chat.completions.parse({ messages, response_format: zod });
  same<(typeof byZod.choices)[number]["message"]["parsed"], City | null>(true);
  const byValibot = await hf.chat.completions.parse({ messages, response_format: toStandardJsonSchema(valibot) });
  same<(typeof byValibot.choices)[number]["message"]["parsed"], City | null>(true);
  const byArk = await hf.chat.completions.parse({ messages, response_format: ark });
  same<(typeof byArk.choices)[number]["message"]["parsed"], City | null>(true);
  const beside = await hf.chat.completions.parse({ messages, response_format: { schema: { type: "object" }, validate: valibot } });
  same<(typeof beside.choices)[number]["message"]["parsed"], City | null>(true);
  const byFunction = await hf.chat.completions.parse({ messages, response_format: { schema: {}, validate: (value: unknown) => String(value) } });
  same<(typeof byFunction.choices)[number]["message"]["parsed"], string | null>(true);
  // The caller gets the result of a transform.
  const made = await hf.chat.completions.parse({ messages, response_format: z.object({ at: z.string().transform((text) => text.length) }) });
  same<(typeof made.choices)[number]["message"]["parsed"], { at: number } | null>(true);

  const stream = await hf.chat.completions.parse({ messages, response_format: zod, stream: true }, { mode: "json", repair: 0 });
  same<typeof stream, ParsedStream<City>>(true);
  for await (const partial of stream.partial()) same<typeof partial, { city?: string; people?: number }>(true);
  const final = await stream.final();
  same<(typeof final.choices)[number]["message"]["parsed"], City | null>(true);
  for await (const chunk of stream) void chunk.id;

  // @ts-expect-error a mode is one of three
  hf.chat.completions.parse({ messages, response_format: zod }, { mode: "xml" });
  // @ts-expect-error misspelt
  hf.chat.completions.parse({ messages, response_format: zod, temprature: 1 });
}

export async function streamed(): Promise<void> {
  const stream = hf.chat.completions.stream({ messages, response_format: zod }).on("content", () => {});
  for await (const chunk of stream) void chunk.choices;
  same<Awaited<ReturnType<typeof stream.finalMessage>>["parsed"], City | null>(true);
}

same<DeepPartial<{ a: { b: string[] }[] }>, { a?: { b?: string[] }[] }>(true);

export async function ran(): Promise<void> {
  const run = hf.chat.completions.runTools({
    messages,
    maxSteps: 3,
    tools: [
      { name: "zod", parameters: zod, execute: (args, { signal, id }) => (same<typeof args, City>(true), `${id}${args.city}${signal}`) },
      { name: "ark", parameters: ark, execute: async (args) => (same<typeof args, City>(true), args.people) },
      { name: "beside", parameters: { schema: {}, validate: valibot }, execute: (args) => (same<typeof args, City>(true), null) },
    ],
  });
  // Each tool's type comes from its own schema, also if the schemas differ and the argument is destructured.
  const at = z.object({ zone: z.string().optional() });
  hf.chat.completions.runTools({
    messages,
    stream: true,
    tools: [
      { name: "city", parameters: zod, execute: ({ city, people }, { signal }) => (same<typeof city, string>(true), signal.aborted ? 0 : people) },
      { name: "clock", parameters: at, execute: async ({ zone }) => (same<typeof zone, string | undefined>(true), zone ?? "UTC") },
      { name: "now", execute: () => 1 },
    ],
  });
  const mixed = [{ type: "function" as const, function: { name: "raw", parameters: {}, function: (args: string) => args } }, { name: "t", execute: () => 1 }];
  same<ReturnType<typeof hf.chat.completions.runTools>, ToolRun>(true);
  hf.chat.completions.runTools({ messages, tools: mixed });
  same<typeof run, ToolRun>(true);
  for await (const event of run) {
    if (event.type === "chunk") void event.chunk.choices;
    else if (event.type === "tool-result") void event.content.length;
  }
  const { settled, messages: conversation, steps } = run;
  void [(await settled).cost.usd, conversation.length, steps[0]?.toolResults[0]?.result];
  const tool: Tool<City> = { name: "t", parameters: zod, execute: ({ city }) => city };
  hf.chat.completions.runTools({ messages, tools: [tool], stream: true }, { onToolError: "throw", metadata: 1 });
  // @ts-expect-error a tool needs a function
  hf.chat.completions.runTools({ messages, tools: [{ name: "t", parameters: zod }] });
}

export function failed(error: unknown): string {
  return error instanceof StructuredOutputError ? `${error.issues[0]?.path.join(".")} ${error.text} ${error.finishReason}` : "";
}
