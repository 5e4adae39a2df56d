// Connects the page: config.json and the library make a session, which the panels use.

import { init } from "hfetch";
import { startChat } from "./chat/panel.js";
import { startParameters } from "./chat/parameters.js";
import { startConnection } from "./connection.js";
import { startEmbeddings } from "./embeddings.js";
import { startFaults } from "./faults.js";
import { startLedger } from "./ledger.js";
import { startLimits } from "./limits.js";
import { startMeter } from "./meter.js";
import { startPicker } from "./picker.js";
import { startPanels } from "./panels.js";
import { startRace } from "./race/race.js";
import { Session } from "./session.js";
import { startTheme } from "./theme.js";

startTheme();
const [config] = await Promise.all([fetch("config.json").then((response) => response.json()), init("hfetch.wasm")]);
const session = new Session(config);
startConnection(session);
startMeter(session);
startPicker(session);
startChat(session, startParameters());
startPanels({
  ledger: () => startLedger(session),
  limits: () => startLimits(session),
  faults: () => startFaults(session),
  embeddings: () => startEmbeddings(session),
  race: startRace,
});
document.documentElement.dataset.ready = "true";
