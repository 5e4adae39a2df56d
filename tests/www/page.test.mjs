// What every run of the tests makes sure of; all three browsers, by click and by key, are `npm run test:page`.
import { featuresIn } from "./suite.mjs";

featuresIn("Chromium", ["click"]);
