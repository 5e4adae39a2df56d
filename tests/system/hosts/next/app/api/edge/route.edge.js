import { chat } from "../../../chat.js";

export const runtime = "edge";
export const POST = chat;
