import { featuresIn } from "../suite.mjs";

featuresIn("Firefox");
