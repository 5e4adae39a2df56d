// A file of a UI message as a part of a chat message: behind a link, or in a data: URL.

const FORMATS = { wave: "wav", "x-wav": "wav", mpeg: "mp3" };

/** The chat part of a file part. `bad` makes the error for what can't be one. */
export function chatPartOf({ url, mediaType, filename }, path, bad) {
  if (typeof mediaType !== "string" || mediaType === "") throw bad(`${path}.mediaType`, "a media type");
  if (typeof url !== "string" || !/^(?:https?:\/\/|data:[^,]*,)/i.test(url)) throw bad(`${path}.url`, "an http(s) or data URL");
  const [kind, subtype] = mediaType.toLowerCase().split(/[/;]/);
  const isData = /^data:/i.test(url);
  const bytes = () => bytesOf(url) ?? raise(bad(`${path}.url`, "a data URL that can be read"));
  if (kind === "image") return { type: "image_url", image_url: { url } };
  if (kind === "video") return { type: "video_url", video_url: { url } };
  if (kind === "audio" && isData) return { type: "input_audio", input_audio: { data: base64(bytes()), format: FORMATS[subtype] ?? subtype } };
  if (kind === "audio") return { type: "audio_url", audio_url: { url } };
  if (kind === "text" && isData) return { type: "text", text: new TextDecoder().decode(bytes()) };
  return { type: "file", file: { ...(filename && { filename }), [isData ? "file_data" : "file_url"]: url } };
}

function raise(error) {
  throw error;
}

// As fetch reads it, but at once.
function bytesOf(url) {
  const [head, body] = [url.slice(0, url.indexOf(",")), url.slice(url.indexOf(",") + 1)];
  try {
    const text = decodeURIComponent(body);
    return /;base64$/i.test(head) ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) : new TextEncoder().encode(text);
  } catch {
    return undefined;
  }
}

function base64(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}
