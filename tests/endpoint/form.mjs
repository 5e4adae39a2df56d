// The stand-in's answer if JSON is requested: a value that fits the schema, made from the user's words.

/** The JSON text for a body's `response_format`; without a schema it is an object that contains the answer. */
export function jsonFor({ type, json_schema: given }, said) {
  const schema = type === "json_schema" ? given?.schema : undefined;
  return JSON.stringify(schema?.type === "object" ? valueOf(schema, said) : { answer: said });
}

function valueOf(schema, said, name = "") {
  if (Array.isArray(schema?.enum)) return schema.enum[0];
  if (schema?.const !== undefined) return schema.const;
  const type = [schema?.type].flat()[0];
  switch (type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, property], index) => [key, valueOf(property, said, index === 0 ? "" : key)]));
    case "array":
      return wordsOf(said).slice(0, 3).map((word) => valueOf(schema.items, word));
    case "integer":
    case "number":
      return Number(/\d+/.exec(said)?.[0] ?? wordsOf(said).length);
    case "boolean":
      return said.includes("!");
    case "null":
      return null;
    default:
      // The first text is the user's; any other is one of its words, as if the model had looked for it.
      return name === "" ? said : (wordsOf(said).at(-1) ?? "");
  }
}

const wordsOf = (text) => text.match(/[\p{L}\p{N}]+/gu) ?? [];
