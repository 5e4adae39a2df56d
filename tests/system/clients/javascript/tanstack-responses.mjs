export { overResponses as default } from "./tanstack.mjs";
