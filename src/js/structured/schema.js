// Reads what a caller gives as a schema: any validator with the interface of standardschema.dev, a JSON Schema with or without a validator, or a helper of the `openai`
// package. The result is the JSON Schema to send to the server, and a check for its answer.

import { refuse } from "../argument.js";

const MAPS = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const SCHEMAS = ["items", "prefixItems", "additionalItems", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "additionalProperties", "contains"];
const BESIDE = "Give it one beside it: { schema: theJSONSchema, validate: theValidator }; for valibot toStandardJsonSchema() of @valibot/to-json-schema makes it.";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const standardOf = (given) => (isObject(given) || typeof given === "function" ? given["~standard"] : undefined);

/** { name, description, schema, strict, check }: `schema` is undefined if any JSON object will do; `check(value)` returns { value } or { issues }. */
export function schemaOf(given, path) {
  const standard = standardOf(given);
  if (standard !== undefined) return { name: "answer", ...derived(standard, path), check: checkOf(standard) };
  if (given?.type === "json_object" && given.schema === undefined) return { check: async (value) => ({ value }) };
  const told = given?.type === "json_schema" ? { ...given.json_schema, validate: given.$parseRaw && ((value) => given.$parseRaw(JSON.stringify(value))) } : given;
  const inner = standardOf(told?.schema);
  if (!isObject(told?.schema) && inner === undefined) throw refuse(path, "must be a validator (zod, valibot, arktype) or { schema: a JSON Schema }", undefined, isBare(told) ? "A JSON Schema itself is given as { schema: theJSONSchema }." : undefined);
  const { name = "answer", description, strict, validate } = told;
  const made = inner ? derived(inner, `${path}.schema`) : { schema: told.schema, strict: isStrict(told.schema) };
  const validator = standardOf(validate) ?? validate ?? inner;
  if (validator !== undefined && typeof validator !== "function" && typeof validator?.validate !== "function") throw refuse(`${path}.validate`, "must be a validator or a function");
  return { name, description, ...made, ...(typeof strict === "boolean" && { strict }), check: checkOf(validator) };
}

// Whether the caller gave a bare JSON Schema where { schema } is expected.
const isBare = (given) => isObject(given) && ["type", "properties", "anyOf", "$ref"].some((name) => name in given);

// The JSON Schema that a validator offers for itself.
function derived(standard, path) {
  if (typeof standard.jsonSchema?.input !== "function") throw refuse(path, `this ${standard.vendor} validator gives no JSON Schema`, undefined, BESIDE);
  let schema;
  try {
    const { $schema, ...told } = standard.jsonSchema.input({ target: "draft-07" });
    schema = closed(told);
  } catch (cause) {
    throw refuse(path, `this ${standard.vendor} validator can't be given as JSON Schema: ${cause?.message}`, cause, BESIDE);
  }
  return { schema, strict: isStrict(schema) };
}

// Calls `change` for every schema within a schema, and returns a copy with the results.
function mapped(schema, change) {
  const copy = { ...schema };
  for (const key of MAPS) {
    if (isObject(copy[key])) copy[key] = Object.fromEntries(Object.entries(copy[key]).map(([name, part]) => [name, change(part, key)]));
  }
  for (const key of SCHEMAS) {
    if (Array.isArray(copy[key])) copy[key] = copy[key].map((part) => change(part, key));
    else if (isObject(copy[key])) copy[key] = change(copy[key], key);
  }
  return copy;
}

// Forbids further members in every object, as strict schemas require. Parts of an allOf are left alone, since they would exclude each other.
function closed(schema, key) {
  if (!isObject(schema)) return schema;
  const copy = mapped(schema, closed);
  if (isObject(copy.properties) && copy.additionalProperties === undefined && key !== "allOf" && copy.allOf === undefined) copy.additionalProperties = false;
  return copy;
}

// Whether a server accepts this as a strict schema: each object is closed and requires all of its members.
function isStrict(schema) {
  let strict = true;
  const look = (part) => {
    if (!isObject(part)) return part;
    const { type, properties = {}, required = [], additionalProperties, allOf } = part;
    const isOpen = (type === "object" || part.properties) && (additionalProperties !== false || Object.keys(properties).some((name) => !required.includes(name)));
    if (isOpen || allOf) strict = false;
    return mapped(part, look);
  };
  look(schema);
  return strict;
}

// A check that returns { value } or { issues }, made from a validator, from a function that throws, or from nothing.
function checkOf(validator) {
  return async (value) => {
    try {
      if (validator === undefined) return { value };
      if (typeof validator === "function") return { value: await validator(value) };
      const result = await validator.validate(value);
      return result.issues ? { issues: issuesOf(result.issues) } : { value: result.value };
    } catch (error) {
      return { issues: issuesIn(error) };
    }
  };
}

export const issue = (message, path = []) => ({ message: typeof message === "string" ? message : thrownWords(message), path });

// A validator's own issues, or the error that it threw.
function issuesIn(error) {
  try {
    if (Array.isArray(error?.issues)) return issuesOf(error.issues);
  } catch {
    // The thrown value can't be read.
  }
  return [issue(thrownWords(error))];
}

/** The text of a thrown value of other code. It may be anything, and reading it may throw as well. */
export function thrownWords(thrown) {
  try {
    const said = thrown?.message ?? thrown;
    if (typeof said === "string" || said === null || typeof said !== "object") return String(said);
    return JSON.stringify(said) ?? String(said);
  } catch {
    return "it threw what has no words";
  }
}

const issuesOf = (issues) =>
  Array.from(issues, ({ message, path }) => issue(message, Array.from(path ?? [], (part) => (isObject(part) ? part.key : typeof part === "number" ? part : String(part)))));

/** Issues as text for a model or a developer. */
export const inWords = (issues) => issues.map(({ message, path }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message)).join("\n");
