import { LimitObject, gateway } from "hfetch/gateway";

export { LimitObject };
export default gateway();
