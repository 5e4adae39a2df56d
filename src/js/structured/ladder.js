// The forms in which a server can be asked for JSON: a strict schema, a schema, text-generation-inference's form of a schema, plain JSON mode with the schema in a
// message, or words alone. This file says in which order they are tried, what each adds to the body, and which error leads to the next. It does no I/O.

import { typeOf } from "./schema_type.js";

const MOST_MODELS = 256; // models about which something is remembered

/** Remembers something about a model. If there are too many models, the oldest entry is dropped. */
export function remember(found, model, what) {
  found.delete(model);
  found.set(model, what);
  if (found.size > MOST_MODELS) found.delete(found.keys().next().value);
}

/** The forms to try, in order. */
export function formsFor({ mode, schema, strict, model, hasTools, known, offers, isGrammar }) {
  // A server with grammars accepts a format or tools, not both.
  const grammar = isGrammar || /:hf-inference$/.test(model ?? "");
  let forms = ["strict", "schema", "json", "text"];
  if (grammar) forms = hasTools ? ["text"] : ["value", "text"];
  else if (!mode && fits(offers).every(({ offer }) => offer.supportsStructuredOutput === false) && fits(offers).length > 0) forms = ["json", "text"];
  else if (!strict) forms = forms.slice(1);
  // In plain JSON mode, servers always produce an object.
  const type = typeOf(schema);
  if (type !== undefined && type !== "object") forms = forms.filter((form) => form !== "json");
  if (schema === undefined) forms = forms.filter((form) => form === "json" || form === "text");
  if (mode === "json" || mode === "text") forms = forms.slice(Math.max(forms.indexOf(mode), forms.includes(mode) ? 0 : forms.length - 1));
  // Begins with the form that the server has accepted before.
  if (known === undefined) return forms;
  const at = forms.indexOf(known);
  return at >= 0 ? forms.slice(at) : known === "value" && !mode ? ["value", "text"] : forms;
}

const fits = (offers) => (offers ?? []).filter(({ leftOut }) => !leftOut);

/** The members that a form adds to the body. */
export function askedBy(form, { name, description, schema }, messages) {
  const told = description === undefined ? {} : { description };
  switch (form) {
    case "strict":
      return { messages, response_format: { type: "json_schema", json_schema: { name, ...told, strict: true, schema } } };
    case "schema":
      return { messages, response_format: { type: "json_schema", json_schema: { name, ...told, schema } } };
    case "value":
      return { messages, response_format: { type: "json_object", value: schema } };
    case "json":
      return { messages: instructed(messages, schema), response_format: { type: "json_object" } };
    default:
      return { messages: instructed(messages, schema), response_format: undefined };
  }
}

// Most chat templates accept one system message, at the beginning.
function instructed(messages, schema) {
  const words = schema ? `Answer with JSON alone, without any other words. It must be valid by this JSON Schema:\n${JSON.stringify(schema)}` : "Answer with a JSON object alone, without any other words.";
  const [first, ...rest] = messages;
  if (first?.role !== "system" && first?.role !== "developer") return [{ role: "system", content: words }, ...messages];
  const content = Array.isArray(first.content) ? [...first.content, { type: "text", text: words }] : `${first.content ?? ""}\n\n${words}`;
  return [{ ...first, content }, ...rest];
}

/** The forms that are left after the server has refused the first; none if the error is no refusal of the form. */
export function formsAfter([refused, ...rest], error, hasTools) {
  const about = [error?.status, error?.error?.http_status_code].some((status) => status === 400 || status === 422);
  const elsewhere = /^model_|context_length/.test(error?.code ?? "") || (error?.param && !/format|schema|tool|grammar|guided/i.test(error.param));
  if (!about || elsewhere) return [];
  if (hasTools && rest.length > 0 && /tool/i.test(error.message)) return ["text"];
  if (refused !== "value" && rest.length > 0 && /missing field\W*value/i.test(error.message)) return ["value", "text"];
  return rest;
}
