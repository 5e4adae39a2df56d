// The behaviour of the packed package in every runtime. There are no node: imports, since this also runs in browsers and workerd. Each entry is
// { name, area, short, needs?, run(t) } with t = { hfetch, url, runtime, control: { script(id, steps), stats(id, until) }, assert } and, in places that have
// them, `copies()`: further copies of the package, ready for use; `statements`: those of using.mjs; `inspect`: the function of node:util. A scenario with
// `needs: "copies"` runs only in such places. `short` means that it is on the short list too (scenarios/short.mjs).
import { chat } from "./scenarios/chat.mjs";
import { completion } from "./scenarios/completion.mjs";
import { stream } from "./scenarios/stream.mjs";
import { cancel } from "./scenarios/cancel.mjs";
import { error } from "./scenarios/error.mjs";
import { embedding } from "./scenarios/embedding.mjs";
import { policy } from "./scenarios/policy.mjs";
import { settlement } from "./scenarios/settlement.mjs";
import { logic } from "./scenarios/logic.mjs";
import { fetching } from "./scenarios/fetch.mjs";
import { tools } from "./scenarios/tools.mjs";
import { habit } from "./scenarios/habit.mjs";
import { short } from "./scenarios/short.mjs";

const areas = {
  chat,
  completions: completion,
  streams: stream,
  cancelling: cancel,
  errors: error,
  "embeddings, models": embedding,
  "keys, limits, retries": policy,
  "settlement, cost": settlement,
  "logic by itself": logic,
  "JSON, tools": tools,
  habits: habit,
  "fetch for others": fetching,
};

export default Object.entries(areas).flatMap(([area, scenarios]) => scenarios.map((scenario) => ({ ...scenario, area, short: short.has(scenario.name) })));
