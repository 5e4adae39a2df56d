// Finds out who is calling: by a static key, a session ticket, or the operator's own function.

import { encoder } from "./encoder.js";
import { Refusal } from "./refusal.js";
import { checkAllowance, limited, originOf, refuse } from "./setting.js";
import { isName, looksLikeTicket, readTicket } from "./ticket.js";

const TICKETS = {
  forged: ["invalid_ticket", "This ticket is not valid here."],
  expired: ["ticket_expired", "This ticket has expired: ask for a new one."],
  audience: ["invalid_ticket", "This ticket was issued for another gateway, or names none as its audience."],
  malformed: ["invalid_ticket", "This ticket can't be read"],
};

function unauthorized(code, message) {
  return new Refusal(401, code, message, { headers: { "www-authenticate": "Bearer" } });
}

async function digest(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

/** The index of a digest in a list, or -1. All bytes of all digests are compared, so that the time reveals nothing. Digests also hide the keys' lengths. */
export function indexOfDigest(wanted, digests) {
  let found = -1;
  for (const [index, known] of digests.entries()) {
    let difference = 0;
    for (let at = 0; at < known.length; at += 1) difference |= known[at] ^ wanted[at];
    if (difference === 0) found = index;
  }
  return found;
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// A Response is recognised by its members, since each realm has its own class.
function isResponse(value) {
  return typeof value?.status === "number" && typeof value.headers?.get === "function";
}

function checkCaller({ client, limits, budget }) {
  if (!isName(client)) throw refuse("client", "must be a string that is not empty");
  checkAllowance({ limits, budget });
}

function bearer(request) {
  return /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

export class Gatekeeper {
  #settings;
  #digests;

  constructor(settings) {
    this.#settings = settings;
  }

  /**
   * { client, limits?, budget?, ticket? }: the limits are the client's own, and a ticket brings its own in addition. Refusals are thrown. If the operator's
   * function returned a Response, the result is { response }.
   */
  async admit(request, env, now) {
    const { authorize, ticketSecret } = this.#settings;
    if (authorize) return this.#ask(request, env);
    const token = bearer(request);
    if (token === undefined) throw unauthorized("missing_api_key", "Send a key of this gateway: Authorization: Bearer <key>.");
    if (ticketSecret !== undefined && looksLikeTicket(token)) return this.#ticket(token, now);
    return this.#key(token);
  }

  async #ask(request, env) {
    let answer;
    try {
      answer = await this.#settings.authorize(request, env);
      if (isResponse(answer)) return { response: answer };
      if (answer) checkCaller(answer);
    } catch (error) {
      throw new Refusal(500, "internal_error", "The gateway failed.", { detail: `authorize: ${error?.name}: ${error?.message}` });
    }
    if (!answer) throw unauthorized("invalid_api_key", "This gateway does not know you.");
    const { client, limits, budget } = answer;
    return { client, limits: limits && limited({ ...this.#settings.share, ...limits }), budget };
  }

  async #ticket(token, now) {
    const { ticketSecret, audience, url } = this.#settings;
    // A ticket must name the audience or the URL that the operator has configured; if there is neither, it must name none. The request's own address isn't used: the
    // caller chooses it, and a ticket for one gateway would be valid at another.
    const isMeant = (named) => (audience === undefined && url !== undefined ? originOf(named) === url : named === audience);
    const { ticket, refused, problem } = await readTicket(ticketSecret, token, { isMeant, now });
    if (refused) {
      const [code, message] = TICKETS[refused];
      throw unauthorized(code, problem === undefined ? message : `${message}: ${problem}.`);
    }
    return { client: ticket.client, ticket: { id: ticket.id, expires: ticket.expires, limits: ticket.limits && limited(ticket.limits) } };
  }

  async #key(token) {
    // Each request makes its own promises, since in workerd a promise belongs to the request that made it.
    this.#digests ??= await Promise.all(this.#settings.clientKeys.map(digest));
    const presented = await digest(token);
    if (indexOfDigest(presented, this.#digests) < 0) throw unauthorized("invalid_api_key", "This key is not known here.");
    return { client: `key-${hex(presented.subarray(0, 4))}` };
  }
}
