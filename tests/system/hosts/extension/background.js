// The service worker, which answers its page.
import * as hfetch from "./hfetch.js";
import { three } from "./three.js";

chrome.runtime.onMessage.addListener(({ base }, sender, answer) => {
  three(hfetch, base).then(answer);
  return true;
});
