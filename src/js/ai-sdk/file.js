// Files of a prompt as parts of a message.

import { sdkError } from "./error.js";

// How files of a kind begin in base64, for those whose kind is known in part only.
const BEGINNINGS = {
  image: { iVBOR: "png", "/9j/": "jpeg", R0lG: "gif", UklG: "webp", Qk: "bmp", AAAA: "avif" },
  audio: { UklG: "wav", SUQz: "mpeg", "//": "mpeg", T2dn: "ogg", ZkxhQ: "flac", AAAA: "mp4", GkXf: "webm" },
  video: { GkXf: "webm", AAAA: "mp4" },
  application: { JVBE: "pdf" },
};
const USUAL = { image: "png", audio: "wav", video: "mp4", application: "octet-stream" };
const STRETCH = 0x8000; // bytes in one call of fromCharCode, which takes only so many arguments

function base64Of(data) {
  if (typeof data === "string") return data;
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  if (bytes.toBase64) return bytes.toBase64();
  let binary = "";
  for (let at = 0; at < bytes.length; at += STRETCH) binary += String.fromCharCode(...bytes.subarray(at, at + STRETCH));
  return btoa(binary);
}

const bytesOf = (data) => (typeof data === "string" ? Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) : data);

function wholeType(mediaType, base64) {
  const [kind, form] = mediaType.split("/");
  if (form && form !== "*") return mediaType;
  const known = Object.entries(BEGINNINGS[kind] ?? {}).find(([beginning]) => base64.startsWith(beginning));
  return `${kind}/${known?.[1] ?? USUAL[kind] ?? "octet-stream"}`;
}

const unsupported = (functionality) => sdkError("AI_UnsupportedFunctionalityError", `'${functionality}' is not supported by Hugging Face's models`, { functionality });

/** One file of a prompt. Throws the SDK's error for what no server takes. */
export function filePart({ data, mediaType, filename }) {
  const kind = mediaType.split("/")[0];
  switch (data.type) {
    case "text":
      return { type: "text", text: data.text };
    case "reference": {
      const id = data.reference.huggingface;
      if (id === undefined) throw unsupported("a file of another provider");
      return { type: "file", file: { file_id: id } };
    }
    case "url":
      return located(kind, String(data.url), mediaType);
    case "data":
      return kind === "text" ? { type: "text", text: new TextDecoder().decode(bytesOf(data.data)) } : held(kind, base64Of(data.data), mediaType, filename);
    default:
      throw unsupported(`file data of type ${data.type}`);
  }
}

function located(kind, url, mediaType) {
  if (!["image", "video", "audio"].includes(kind)) throw unsupported(`${mediaType} by its address`);
  return { type: `${kind}_url`, [`${kind}_url`]: { url } };
}

function held(kind, base64, mediaType, filename) {
  const type = wholeType(mediaType, base64);
  const url = `data:${type};base64,${base64}`;
  if (kind === "image" || kind === "video") return located(kind, url, type);
  if (kind === "audio") return { type: "input_audio", input_audio: { data: base64, format: formatOf(type) } };
  const name = filename ?? (type === "application/pdf" ? "document.pdf" : "file");
  return { type: "file", file: { filename: name, file_data: url } };
}

// OpenAI's names are wav and mp3; servers that take more go by the type's own.
function formatOf(type) {
  const form = type.split(/[/;]/)[1].replace(/^(x-|vnd\.)/, "");
  return { mpeg: "mp3", wave: "wav" }[form] ?? form;
}
