// The address of the sources in the package's manifest: from any form of a git remote, and never with a secret.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findRepository, packedLinks, repositoryUrl } from "../../../scripts/repository.mjs";

const addresses = {
  "https://git.example.org/team/hfetch.git": "git+https://git.example.org/team/hfetch.git",
  "https://git.example.org/team/hfetch": "git+https://git.example.org/team/hfetch.git",
  "https://name:token@git.example.org/team/hfetch.git/": "git+https://git.example.org/team/hfetch.git",
  "git+https://git.example.org/team/hfetch.git": "git+https://git.example.org/team/hfetch.git",
  "git@git.example.org:team/group/hfetch.git": "git+https://git.example.org/team/group/hfetch.git",
  "ssh://git@git.example.org:2222/team/hfetch.git": "git+https://git.example.org/team/hfetch.git",
  "/srv/hfetch": null,
  "../hfetch.git": null,
  "file:///srv/hfetch.git": null,
  "C:\\work\\hfetch": null,
  "http://localhost/hfetch.git": null,
  "http://127.0.0.1:3000/team/hfetch.git": null,
};

for (const [remote, address] of Object.entries(addresses)) {
  test(`${remote} is ${address ?? "no address"}`, () => assert.equal(repositoryUrl(remote), address));
}

test("what is said goes before what GitHub Actions says, and that before the clone", async () => {
  const actions = { GITHUB_SERVER_URL: "https://git.example.org", GITHUB_REPOSITORY: "team/hfetch" };
  assert.equal(await findRepository(actions), "git+https://git.example.org/team/hfetch.git");
  assert.equal(await findRepository({ ...actions, HFETCH_REPOSITORY: "https://other.example.org/hfetch" }), "git+https://other.example.org/hfetch.git");
});

test("links of a packed text lead to the repository, or are none where there is no repository", () => {
  const text = "See [docs/a.md](docs/a.md#part), [others](docs/a.md), [what changed](CHANGELOG.md), [below](#below), [npm](https://npmjs.com/x) and ![a picture](a.svg).";
  const kept = "[what changed](CHANGELOG.md), [below](#below), [npm](https://npmjs.com/x) and ![a picture](a.svg).";
  const url = "git+https://git.example.org/team/hfetch.git";
  const web = "https://git.example.org/team/hfetch/blob/HEAD";
  assert.equal(packedLinks(text, url, ["CHANGELOG.md"]), `See [docs/a.md](${web}/docs/a.md#part), [others](${web}/docs/a.md), ${kept}`);
  assert.equal(packedLinks(text, null, ["CHANGELOG.md"]), `See docs/a.md, others (docs/a.md of the sources), ${kept}`);
});

test("links of a packed document are taken from its own folder", () => {
  const text = "[b](b.md#part), [what changed](../CHANGELOG.md#added), [figures](results.md)";
  const packed = ["CHANGELOG.md", "docs/b.md"];
  const url = "git+https://git.example.org/team/hfetch.git";
  assert.equal(packedLinks(text, url, packed, "docs"), "[b](b.md#part), [what changed](../CHANGELOG.md#added), [figures](https://git.example.org/team/hfetch/blob/HEAD/docs/results.md)");
  assert.equal(packedLinks(text, null, packed, "docs"), "[b](b.md#part), [what changed](../CHANGELOG.md#added), figures (docs/results.md of the sources)");
});
