const base = new URLSearchParams(location.search).get("base");
console.log(JSON.stringify(await chrome.runtime.sendMessage({ base })));
