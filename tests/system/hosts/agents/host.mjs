// A chat agent of Cloudflare's Agents SDK, in wrangler's local mode, asked as useAgentChat asks it.
const asked = (way) => ({ serving, askProgram }) => serving(["wrangler", "dev"], {}, (url) => askProgram(["node", "client.mjs", url, way]));

export const hosts = {
  "AIChatAgent of the Agents SDK, hfetch alone": asked("alone"),
  "AIChatAgent of the Agents SDK, hfetch's provider": asked("provider"),
};
