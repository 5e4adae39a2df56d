// Controls an endpoint over HTTP, so that every runtime can do it. This file uses no modules of a particular runtime.

/** One script of an endpoint, and its counters. */
export function controlOf(url, id) {
  // The platform may reuse a connection that a fault has broken for the next question.
  const ask = async (path, init, left = 3) => {
    try {
      return await (await fetch(`${url}/s/${id}/${path}`, init)).text();
    } catch (error) {
      if (left === 0) throw error;
      return ask(path, init, left - 1);
    }
  };
  return {
    script: (steps) => ask("script", { method: "POST", headers: { "content-type": "text/plain" }, body: JSON.stringify(steps) }),
    stats: async (until) => JSON.parse(await ask(`stats${until ? `?until=${until}` : ""}`)),
  };
}
