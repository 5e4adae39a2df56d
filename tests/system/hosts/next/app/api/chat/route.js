import { chat } from "../../../chat.js";

export const POST = chat;
