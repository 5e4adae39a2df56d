// Where this package's sources live, for its package.json: npm's provenance compares that with where a release was built.
import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { root, run } from "./run.mjs";

// https://host/path, ssh://user@host:22/path; host:path as scp has it. A host has a name with a dot: `localhost`, C:\ and addresses in numbers are nobody else's.
const HOST = String.raw`(?:[^@/\s]*@)?(?<host>[\w.-]+\.[a-z]+)`;
const URL_FORM = new RegExp(`^(?:git\\+)?(?:https?|ssh|git)://${HOST}(?::\\d+)?/(?<path>\\S+)$`, "i");
const SCP_FORM = new RegExp(`^${HOST}:(?!//)(?<path>\\S+)$`, "i");

// They are of use to whoever works on the package, not with it.
const NOT_PACKED = ["dependencies.md", "endurance.md", "results.md"];

/** The documents that a package brings along, as `docs/streaming.md`: an error that names one is then of use without a network. */
export async function packedDocuments() {
  const files = await readdir(join(root, "docs"));
  return files.filter((file) => file.endsWith(".md") && !NOT_PACKED.includes(file)).map((file) => `docs/${file}`).sort();
}

/** The address as npm writes it, or null for what is no place on the web. A name or token before the host stays behind. */
export function repositoryUrl(remote) {
  const { host, path } = (URL_FORM.exec(remote) ?? SCP_FORM.exec(remote))?.groups ?? {};
  return host ? `git+https://${host}/${path.replace(/(\.git)?\/*$/, "")}.git` : null;
}

const LINK = /(?<!!)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)/gi;

/**
 * A Markdown text as it stands in a package, in its folder `folder`: its links to files that are not in `packed` lead to the repository at `url`. Where
 * there is none, their words stay, with the name of the file.
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

/** HFETCH_REPOSITORY, else what GitHub Actions says, else this clone's remote `origin`; null where none of them is on the web. */
export async function findRepository({ HFETCH_REPOSITORY, GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env) {
  if (HFETCH_REPOSITORY) return repositoryUrl(HFETCH_REPOSITORY);
  if (GITHUB_REPOSITORY) return repositoryUrl(`${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`);
  const { code, stdout } = await run("git", ["remote", "get-url", "origin"], { check: false }).catch(() => ({ code: 1 }));
  return code === 0 ? repositoryUrl(stdout.trim()) : null;
}
