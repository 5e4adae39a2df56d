// Files in a prompt, as parts of a chat message.

import { sdkError } from "./error.js";

// How files of some types begin in base64, for files whose type is known only in part; the last item is the type for all others.
const BEGINNINGS = {
  image: { "/9j/": "jpeg", R0lG: "gif", UklG: "webp", Qk: "bmp", AAAA: "avif", "": "png" },
  audio: { SUQz: "mpeg", "//": "mpeg", T2dn: "ogg", ZkxhQ: "flac", AAAA: "mp4", GkXf: "webm", "": "wav" },
  video: { GkXf: "webm", "": "mp4" },
  application: { JVBE: "pdf", "": "octet-stream" },
};
const STRETCH = 0x8000; // bytes per call of fromCharCode, which accepts only so many arguments

function base64Of(data) {
  if (typeof data === "string") return data;
  let binary = "";
  for (let at = 0; at < data.length; at += STRETCH) binary += String.fromCharCode(...data.slice(at, at + STRETCH));
  return btoa(binary);
}

const bytesOf = (data) => (typeof data === "string" ? Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) : data);

function wholeType(mediaType, base64) {
  const [kind, form] = mediaType.split("/");
  if (form && form !== "*") return mediaType;
  const [, known] = Object.entries(BEGINNINGS[kind] ?? BEGINNINGS.application).find(([beginning]) => base64.startsWith(beginning));
  return `${kind}/${known}`;
}

export const untaken = (functionality) => sdkError("AI_UnsupportedFunctionalityError", `Hugging Face's models take no ${functionality}`, { functionality });

/** A file as a part of a message. Throws the SDK's error for a file that no server accepts. */
export function filePart({ data: { type, data, text, url, reference }, mediaType, filename }) {
  const [kind] = mediaType.split("/");
  if (type === "text") return { type, text };
  if (type === "url") return located(kind, String(url), mediaType);
  if (type === "reference" && reference.huggingface) return { type: "file", file: { file_id: reference.huggingface } };
  if (type !== "data") throw untaken("file of another provider");
  return kind === "text" ? { type: "text", text: new TextDecoder().decode(bytesOf(data)) } : held(kind, base64Of(data), mediaType, filename);
}

function located(kind, url, mediaType) {
  if (!/image|video|audio/.test(kind)) throw untaken(`${mediaType} by its address`);
  return { type: `${kind}_url`, [`${kind}_url`]: { url } };
}

function held(kind, base64, mediaType, filename) {
  const type = wholeType(mediaType, base64);
  const url = `data:${type};base64,${base64}`;
  if (/image|video/.test(kind)) return located(kind, url, type);
  if (kind === "audio") return { type: "input_audio", input_audio: { data: base64, format: formatOf(type) } };
  return { type: "file", file: { filename: filename ?? (/pdf$/.test(type) ? "document.pdf" : "file"), file_data: url } };
}

// OpenAI's names are wav and mp3; servers that accept other formats use the names of their media types.
function formatOf(type) {
  const form = type.split(/[/;]/)[1].replace(/^(x-|vnd\.)/, "");
  return { mpeg: "mp3", wave: "wav" }[form] ?? form;
}
