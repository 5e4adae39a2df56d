// Session tickets: signed and valid for a short time, for pages, which must not hold a key. A ticket is "hft1.<payload>.<signature>", both base64url. The signature is
// HMAC-SHA-256 over everything before it, including the version.

import { check } from "./client.js";
import { encoder } from "./encoder.js";
import { checkAllowance, refuse, signingSecret, trimmed } from "./setting.js";

const VERSION = "hft1";
const LONGEST = 4_096; // characters; a longer text is no ticket of this format
const LONGEST_NAME = 256;
const A_NAME = `must be a string of 1 to ${LONGEST_NAME} characters`;
const TICKET = "client text\nexpiresIn duration\naudience text\nlimits limits";
const HMAC = { name: "HMAC", hash: "SHA-256" };

function base64url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Accepts only one spelling of the same bytes: a text with other characters, or with extra bits at its end, is no ticket.
function fromBase64url(text) {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  return base64url(bytes) === text ? bytes : null;
}

function hmacKey(secret, usage) {
  return crypto.subtle.importKey("raw", encoder.encode(signingSecret("secret", secret)), HMAC, false, [usage]);
}

export function isName(value) {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_NAME;
}

export async function issueTicket(secret, ticket, now = Date.now()) {
  signingSecret("secret", secret);
  const { client, expiresIn, audience, limits } = ticket ?? {};
  // A misspelt limit limits nothing.
  check({ ...ticket }, TICKET);
  if (expiresIn === undefined) throw refuse("expiresIn", "must say for how many milliseconds the ticket is valid");
  if (!isName(client)) throw refuse("client", A_NAME);
  if (audience !== undefined && !isName(audience)) throw refuse("audience", A_NAME);
  const meant = audience === undefined ? undefined : trimmed("audience", audience);
  const payload = { id: crypto.randomUUID(), client, expires: now + expiresIn, audience: meant, limits };
  const signed = `${VERSION}.${base64url(encoder.encode(JSON.stringify(payload)))}`;
  if (signed.length + 44 > LONGEST) throw refuse("ticket", "is too long");
  const signature = await crypto.subtle.sign(HMAC, await hmacKey(secret, "sign"), encoder.encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

/** Whether a bearer token looks like a ticket. */
export function looksLikeTicket(token) {
  return token.startsWith(`${VERSION}.`);
}

// Another program that has the secret may have made the ticket, so its content is checked like any input.
function contentOf(bytes) {
  let ticket;
  try {
    ticket = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw refuse("", "it is no JSON");
  }
  const { id, client, expires, limits } = ticket ?? {};
  if (!isName(id)) throw refuse("id", A_NAME);
  if (!isName(client)) throw refuse("client", A_NAME);
  if (!Number.isFinite(expires)) throw refuse("expires", "must be a number of ms since the epoch");
  checkAllowance({ limits });
  return ticket;
}

/** The ticket's content, or the reason why it is refused: "forged", "malformed" (with the problem), "expired" or "audience", which `isMeant` decides. */
export async function readTicket(secret, token, { isMeant, now }) {
  const [version, payload, signature, ...more] = token.length > LONGEST ? [] : token.split(".");
  const [body, mac] = [fromBase64url(payload ?? ""), fromBase64url(signature ?? "")];
  if (version !== VERSION || more.length > 0 || !body || !mac) return { refused: "forged" };
  // verify() compares in constant time.
  const genuine = await crypto.subtle.verify(HMAC, await hmacKey(secret, "verify"), mac, encoder.encode(`${version}.${payload}`));
  if (!genuine) return { refused: "forged" };
  let ticket;
  try {
    ticket = contentOf(body);
  } catch (error) {
    return { refused: "malformed", problem: error.message };
  }
  if (!(now < ticket.expires)) return { refused: "expired" };
  if (!isMeant(ticket.audience)) return { refused: "audience" };
  return { ticket };
}
