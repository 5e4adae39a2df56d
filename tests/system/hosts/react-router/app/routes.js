import { index, route } from "@react-router/dev/routes";

export default [index("routes/rendered.jsx"), route("chat", "routes/chat.js")];
