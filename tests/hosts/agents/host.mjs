// A chat agent of Cloudflare's Agents SDK, in wrangler's local mode, asked as useAgentChat asks it.
export const hosts = {
  "AIChatAgent of the Agents SDK, wrangler": ({ serving, askProgram }) => serving(["wrangler", "dev"], {}, (url) => askProgram(["node", "client.mjs", url])),
};
