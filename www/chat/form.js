// A form that the model fills in: its schema, and its fields while their values arrive. It makes no requests.

import { element } from "../element.js";

const text = { type: "string" };
const FIELDS = {
  title: { label: "Title", schema: { ...text, description: "What the message is about, in a few words" } },
  place: { label: "Place", schema: { ...text, description: "Where it happens, or an empty text" } },
  people: { label: "People", schema: { type: "integer", description: "How many take part, 0 if nobody says" } },
  urgent: { label: "Urgent", schema: { type: "boolean" } },
  topics: { label: "Topics", schema: { type: "array", items: text, description: "Three at most" } },
};

/** The `response_format` of `parse()`: a name, and the JSON Schema of the fields. */
export const FORM = {
  name: "note",
  schema: {
    type: "object",
    properties: Object.fromEntries(Object.entries(FIELDS).map(([name, { schema }]) => [name, schema])),
    required: Object.keys(FIELDS),
    additionalProperties: false,
  },
};

/** The fields, each filled in as soon as some of its value is there. */
export class FormView {
  #fields = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, element("input", { type: "text", name, readOnly: true, placeholder: "…" })]));
  node = element(
    "fieldset",
    { class: "filled", "aria-label": "The form that the model fills in" },
    ...Object.entries(FIELDS).map(([name, { label }]) => element("label", {}, label, this.#fields[name])),
  );

  fill(values) {
    for (const [name, field] of Object.entries(this.#fields)) {
      const value = values?.[name];
      if (value === undefined || value === null) continue;
      field.value = Array.isArray(value) ? value.filter((item) => item !== undefined).join(", ") : typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
    }
  }
}
