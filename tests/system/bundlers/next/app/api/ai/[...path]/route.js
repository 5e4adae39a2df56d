// The gateway as a route: Next's own routes stand beside it.
import "../../stand-in.js";
import { gateway } from "hfetch/gateway";

const { fetch } = gateway({ basePath: "/api/ai", clientKeys: ["a-key-of-this-gateway"] });
export { fetch as GET, fetch as OPTIONS, fetch as POST };
