// An endpoint's control, over HTTP so that every runtime can. No module of any runtime's own is used here.

/** What one script of an endpoint does, and what it has counted. */
export function controlOf(url, id) {
  // A connection that a fault broke may be taken for the next question.
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
