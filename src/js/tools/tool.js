// Tools as a caller defines them and as a server is told about them, and tool calls as a model writes them. It does no I/O.

import { callable, refuse, text } from "../argument.js";
import { HfetchError, makeError } from "../error.js";
import { parseJson } from "../json.js";
import { inWords, issue, schemaOf, thrownWords } from "../structured/schema.js";

const NO_ARGUMENTS = { schema: { type: "object", properties: {} } };

/** The tools by name: { definition, read, execute }. `read(text)` returns the arguments, or throws an error whose message the model is told. */
export function toolsOf(given) {
  if (!Array.isArray(given) || given.length === 0) throw refuse("tools", "must be a list of tools");
  const tools = new Map();
  given.forEach((tool, at) => {
    const path = `tools[${at}]`;
    const made = tool?.type === "function" && tool.function !== null && typeof tool.function === "object" ? foreign(tool, path) : own(tool, path);
    const { name } = made.definition.function;
    text(`${path}.name`, name);
    if (tools.has(name)) throw refuse(`${path}.name`, `two tools are called "${name}"`);
    if (typeof made.execute !== "function") throw refuse(`${path}.execute`, "must be a function");
    tools.set(name, made);
  });
  return tools;
}

function own(tool, path) {
  const { name, description, parameters, strict, execute } = tool ?? {};
  const { schema, check } = schemaOf(parameters ?? NO_ARGUMENTS, `${path}.parameters`);
  const read = async (text) => {
    const { value, issues } = await check(argumentsIn(text));
    if (issues !== undefined) throw unfit(`they are not as the tool's schema wants them:\n${inWords(issues)}`, issues, text);
    return value;
  };
  return { definition: definitionOf({ name, description, parameters: schema, strict }), read, execute: bound(tool, execute) };
}

// A tool in the form of the `openai` package: `parse` turns the text into arguments; without it the function gets the text.
function foreign(tool, path) {
  const { function: execute = tool.$callback, parse = tool.$parseRaw, ...told } = tool.function;
  callable(`${path}.function.parse`, parse);
  const read = async (text) => {
    try {
      return parse === undefined ? text : await parse(text);
    } catch (error) {
      const words = thrownWords(error);
      throw unfit(words, [issue(words)], text);
    }
  };
  return { definition: definitionOf(told), read, execute };
}

const bound = (tool, execute) => (typeof execute === "function" ? (...given) => execute.apply(tool, given) : execute);
const definitionOf = (told) => ({ type: "function", function: JSON.parse(JSON.stringify(told)) });

const unfit = (words, issues, text) => makeError("StructuredOutputError", `The arguments can't be used: ${words}`, { issues, text });

function argumentsIn(text) {
  if (text.trim() === "") return {};
  try {
    const value = parseJson(text);
    // Some models write the JSON as a string inside JSON, and null for a tool without arguments.
    return (typeof value === "string" ? objectIn(value) : value) ?? {};
  } catch (error) {
    throw unfit(`they are no JSON: ${error.message}`, [issue(error.message)], text);
  }
}

function objectIn(text) {
  try {
    const value = parseJson(text);
    return typeof value === "object" ? value : text;
  } catch {
    return text;
  }
}

export const unknownTool = (name, tools) => new HfetchError(`There is no tool called "${name}". There are: ${[...tools.keys()].join(", ")}.`);

/**
 * A message that servers accept in the history. Each call has an id of its own, since a result names the call by its id, and a name and arguments, which may be empty.
 * Most messages are returned unchanged.
 */
export function withIds(message) {
  const calls = message?.tool_calls;
  if (!Array.isArray(calls)) return message;
  const taken = new Set();
  const ids = calls.map((call, at) => {
    const told = typeof call?.id === "string" && call.id !== "" ? call.id : `call_${at}`;
    let id = told;
    for (let next = 2; taken.has(id) || (id !== told && calls.some((other) => other?.id === id)); next++) id = `${told}_${next}`;
    taken.add(id);
    return id;
  });
  if (calls.every((call, at) => ids[at] === call?.id && isWhole(call))) return message;
  return { ...message, tool_calls: calls.map((call, at) => ({ ...completed(call), id: ids[at] })) };
}

const isWhole = (call) => call.custom || (typeof call.function?.name === "string" && typeof call.function.arguments === "string");

function completed(call) {
  if (call && isWhole(call)) return call;
  const { name, text } = calledBy(call);
  return { type: "function", ...call, function: { ...call?.function, name, arguments: text || "{}" } };
}

/** The name and the arguments' text of a call. */
export function calledBy(call) {
  const called = call?.function ?? call?.custom ?? {};
  const text = called.arguments ?? called.input ?? "";
  return { id: call?.id, name: String(called.name ?? ""), text: typeof text === "string" ? text : JSON.stringify(text) };
}

/** A tool's result as text for the model. An error that was returned and not thrown has no members that JSON would show. */
export function written(result) {
  if (typeof result === "string") return result;
  return result instanceof Error ? inAnswer(result) : (JSON.stringify(result) ?? "null");
}

export const inAnswer = (error) => `Error: ${thrownWords(error)}`;
