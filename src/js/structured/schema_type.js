// The type that a JSON Schema prescribes for its values.

const HOPS = 8; // references that are followed at most, since they may form a circle

const partOf = (schema, name) => (typeof schema === "object" && schema !== null ? schema[name] : undefined);

/** The type that a schema prescribes, itself or by a reference; undefined if it prescribes none or several. */
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
