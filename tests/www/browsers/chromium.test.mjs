import { featuresIn } from "../suite.mjs";

featuresIn("Chromium");
