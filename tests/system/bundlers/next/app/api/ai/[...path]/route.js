// The gateway as a route, next to Next's own routes.
import "../../stand-in.js";
import { gateway } from "hfetch/gateway";

const { fetch } = gateway({ basePath: "/api/ai", clientKeys: ["a-key-of-this-gateway"] });
export { fetch as GET, fetch as OPTIONS, fetch as POST };
