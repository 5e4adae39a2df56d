// Finds the repository of this package's sources for its package.json: npm's provenance compares it with the place where a release was built.
import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { root, run } from "./run.mjs";

// https://host/path, ssh://user@host:22/path, or scp's host:path. A host must have a name with a dot: `localhost`, C:\ and numeric addresses are useless to others.
const HOST = String.raw`(?:[^@/\s]*@)?(?<host>[\w.-]+\.[a-z]+)`;
const URL_FORM = new RegExp(`^(?:git\\+)?(?:https?|ssh|git)://${HOST}(?::\\d+)?/(?<path>\\S+)$`, "i");
const SCP_FORM = new RegExp(`^${HOST}:(?!//)(?<path>\\S+)$`, "i");

// These documents are for those who work on the package, not for its users.
const NOT_PACKED = ["dependencies.md", "endurance.md", "results.md"];

/** The documents in the package, such as `docs/streaming.md`: an error that names one is then useful without a network. */
export async function packedDocuments() {
  const files = await readdir(join(root, "docs"));
  return files.filter((file) => file.endsWith(".md") && !NOT_PACKED.includes(file)).map((file) => `docs/${file}`).sort();
}

/** The address in npm's form, or null if it is no place on the web. A name or token before the host is removed. */
export function repositoryUrl(remote) {
  const { host, path } = (URL_FORM.exec(remote) ?? SCP_FORM.exec(remote))?.groups ?? {};
  return host ? `git+https://${host}/${path.replace(/(\.git)?\/*$/, "")}.git` : null;
}

const LINK = /(?<!!)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)/gi;

/**
 * A Markdown text for the package, where it is in the folder `folder`: links to files that aren't in `packed` lead to the repository at `url`. Without a repository,
 * their words stay, with the name of the file.
 */
export function packedLinks(text, url, packed, folder = "") {
  const web = url?.replace(/^git\+|\.git$/g, "");
  return text.replace(LINK, (whole, words, target) => {
    const path = posix.join(folder, target);
    const file = path.replace(/#.*$/, "");
    if (packed.includes(file)) return whole;
    if (web) return `[${words}](${web}/blob/HEAD/${path})`;
    return words.includes(file) ? words : `${words} (${file} of the sources)`;
  });
}

/** HFETCH_REPOSITORY, otherwise what GitHub Actions says, otherwise this clone's remote `origin`; null if none of these is on the web. */
export async function findRepository({ HFETCH_REPOSITORY, GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env) {
  if (HFETCH_REPOSITORY) return repositoryUrl(HFETCH_REPOSITORY);
  if (GITHUB_REPOSITORY) return repositoryUrl(`${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`);
  const { code, stdout } = await run("git", ["remote", "get-url", "origin"], { check: false }).catch(() => ({ code: 1 }));
  return code === 0 ? repositoryUrl(stdout.trim()) : null;
}
