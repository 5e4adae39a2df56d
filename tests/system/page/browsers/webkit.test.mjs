import { featuresIn } from "../setting/suite.mjs";

featuresIn("WebKit");
