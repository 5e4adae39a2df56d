// Providers and models that fail by name, as a step's `failing` says.
import { refuse } from "./answer.mjs";
import { findModel } from "./model.mjs";

/** The refusal of a request if `failing` ({ name: status }) names its provider or its model; otherwise null. */
export function refusalOf(failing, routed, body) {
  if (failing === undefined || typeof body?.model !== "string") return null;
  const [model, suffix] = body.model.split(":");
  const live = findModel(model)?.providers.find((offer) => offer.status === "live");
  const provider = routed ?? suffix ?? live?.provider;
  const status = failing[provider] ?? failing[body.model] ?? failing[model];
  return status === undefined ? null : refuse(status);
}
