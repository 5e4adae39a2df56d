// Of what type the values of a JSON Schema are. Pure.

const HOPS = 8; // from one reference to the next, at most: they may go round in a circle

const partOf = (schema, name) => (typeof schema === "object" && schema !== null ? schema[name] : undefined);

/** The type that a schema says of its values, by itself or by what it refers to; undefined where it says none, or several. */
export function typeOf(schema) {
  let told = schema;
  for (let hops = 0; partOf(told, "$ref") !== undefined && told.type === undefined && hops < HOPS; hops++) {
    const [root, ...names] = String(told.$ref).split("/");
    if (root !== "#") return undefined;
    told = names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~")).reduce(partOf, schema);
  }
  const type = partOf(told, "type");
  return typeof type === "string" ? type : undefined;
}
