// Puts similar functions next to each other: compression encodes a copy in fewer bytes the nearer it is (−2 % over the wire, at no cost).
import { functionSizes } from "./wasm-sizes.mjs";

const PIECE = 5; // bytes: two or three instructions
// A piece that occurs in more functions than this says nothing about similarity.
const COMMON = 1_000;

/** The indexes of the bodies in their new order: each is followed by the one that shares most with it, relative to its length. */
export function likeness(bodies) {
  const shared = sharedPieces(bodies);
  const left = new Set(bodies.keys());
  const order = [];
  for (let place = longest(bodies); place !== undefined; place = nearest(place) ?? left.values().next().value) {
    order.push(place);
    left.delete(place);
  }
  return order;

  function nearest(from) {
    const scores = new Map();
    for (const holders of shared[from]) {
      // A rare piece counts for more.
      const weight = 1 / Math.sqrt(holders.length);
      for (const place of holders) if (left.has(place)) scores.set(place, (scores.get(place) ?? 0) + weight);
    }
    const weigh = ([place, score]) => score / Math.sqrt(bodies[place].length + 20);
    let best;
    for (const entry of scores) if (!best || weigh(entry) > weigh(best)) best = entry;
    return best?.[0];
  }
}

/** For each body, the lists of bodies that contain its pieces, without pieces that only it contains or too many contain. */
function sharedPieces(bodies) {
  const holders = new Map();
  const pieces = bodies.map((body, place) => {
    const own = new Set();
    for (let at = 0; at + PIECE <= body.length; at++) own.add(Buffer.from(body.buffer, body.byteOffset + at, PIECE).toString("latin1"));
    for (const piece of own) {
      if (!holders.get(piece)?.push(place)) holders.set(piece, [place]);
    }
    return own;
  });
  const telling = ({ length }) => length > 1 && length < COMMON;
  return pieces.map((own) => [...own].map((piece) => holders.get(piece)).filter(telling));
}

function longest(bodies) {
  return bodies.reduce((best, body, place) => (best === undefined || body.length > bodies[best].length ? place : best), undefined);
}

/** The module with its functions named after their new places, for `wasm-opt --reorder-functions-by-name`. It must have no names. */
export function nameByLikeness(file) {
  const { functions, imported } = functionSizes(file);
  const names = [];
  for (const [rank, place] of likeness(functions.map(({ body }) => body)).entries()) names[place] = String(rank).padStart(6, "0");
  const entries = names.flatMap((name, place) => [...leb(imported + place), ...text(name)]);
  const map = [...leb(names.length), ...entries];
  const section = [...text("name"), 1, ...leb(map.length), ...map];
  return Buffer.concat([file, Buffer.from([0, ...leb(section.length), ...section])]);
}

function leb(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 0x80))];
}

function text(name) {
  return [...leb(name.length), ...Buffer.from(name)];
}
