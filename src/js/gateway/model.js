// Which models may be asked for.

// "*" stands for any run of characters within a name: it crosses neither the slash nor the colon before a provider.
function pattern(text) {
  const parts = text.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/:\\s]*")}$`, "u");
}

/** Gives a function that says whether a model is on the list. Without a list every model is. */
export function allowList(models) {
  if (models === undefined) return () => true;
  const patterns = models.map(pattern);
  return (model) => patterns.some((allowed) => allowed.test(model));
}

/** A catalogue's body with the allowed models only; what is no catalogue gives null. */
export function filterCatalogue(text, allows) {
  let catalogue;
  try {
    catalogue = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(catalogue?.data)) return null;
  return JSON.stringify({ ...catalogue, data: catalogue.data.filter((model) => typeof model?.id === "string" && allows(model.id)) });
}
