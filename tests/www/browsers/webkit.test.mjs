import { featuresIn } from "../suite.mjs";

featuresIn("WebKit");
