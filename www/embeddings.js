// Lines as vectors: how similar they are to each other, where they are in a plane, and which are near.

import { byId, element, svg } from "./element.js";
import { errorCard } from "./chat/error-card.js";
import { duration, tokens } from "./format.js";
import { apart, project, similarities } from "./projection.js";

const MOST_LINES = 40;
const NEAREST = 3;
const SIZE = 320; // in the map's own units
const RADIUS = 11;
const MODEL = "sentence-transformers/all-MiniLM-L6-v2";
const LINES = [
  "a cat asleep on its warm mat",
  "warm mat, sleepy cat",
  "my cat loves that warm mat",
  "dog chases cat across garden",
  "night train to Paris leaves late",
  "late again: night train from Paris",
  "Paris by train in one night",
  "server closes socket, stream ends",
  "stream ends when its socket closes",
  "every stream needs one open socket",
];

export function startEmbeddings(session) {
  const form = byId("lines");
  const [texts, model, result] = ["texts", "embedding-model", "vectors"].map(byId);
  const button = form.querySelector("button");
  texts.value = LINES.join("\n");
  model.value = MODEL;

  async function embed() {
    const input = texts.value.split("\n").map((line) => line.trim()).filter(Boolean).slice(0, MOST_LINES);
    if (input.length < 2) return void result.replaceChildren(element("p", { class: "empty", textContent: "Two lines at least, to have something to compare." }));
    button.disabled = true;
    result.setAttribute("aria-busy", "true");
    try {
      // A budget refuses models without a price, and the catalogue has no prices for embeddings.
      const client = session.clientWith({});
      const pending = client.embeddings.create({ model: model.value.trim(), input });
      const { data } = await pending;
      const settlement = await pending.settled;
      result.replaceChildren(...view(input, data.map(({ embedding }) => embedding), settlement));
    } catch (error) {
      result.replaceChildren(errorCard(error, embed));
    }
    button.disabled = false;
    result.removeAttribute("aria-busy");
    if (document.activeElement === document.body) button.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    embed();
  });
}

function view(lines, vectors, { usage, durationMs }) {
  const likeness = similarities(vectors);
  const list = element("ol", { class: "lines" });
  const near = element("p", { class: "note" });
  const heat = heatMap(lines, likeness);
  const plane = map(lines, project(vectors));

  function select(index) {
    const neighbours = nearest(likeness[index], index);
    for (const part of [list, heat, plane]) {
      for (const node of part.querySelectorAll("[data-index]")) {
        const at = Number(node.dataset.index);
        node.classList.toggle("chosen", at === index);
        node.classList.toggle("near", neighbours.includes(at));
      }
    }
    plane.connect(index, neighbours);
    near.replaceChildren("Nearest: ", ...neighbours.flatMap((at, i) => [i ? ", " : "", element("strong", { textContent: lines[at] }), ` ${likeness[index][at].toFixed(2)}`]));
  }

  lines.forEach((line, index) => {
    const button = element("button", { type: "button", data: { index } }, line);
    for (const name of ["focus", "pointerenter", "click"]) button.addEventListener(name, () => select(index));
    list.append(element("li", {}, button));
  });
  for (const part of [heat, plane]) part.addEventListener("pointerover", ({ target }) => target.closest("[data-index]") && select(Number(target.closest("[data-index]").dataset.index)));
  select(0);
  return [
    element("p", { class: "note", textContent: `${lines.length} vectors of ${vectors[0].length} numbers in ${duration(durationMs)}, ${tokens(usage.prompt_tokens)} ${usage.source}.` }),
    element("div", { class: "views" }, element("div", {}, element("h3", { textContent: "Lines" }), list, near), element("figure", {}, element("h3", { textContent: "Similarity" }), heat), element("figure", {}, element("h3", { textContent: "Map" }), plane)),
  ];
}

function nearest(row, index) {
  return row.map((value, at) => [value, at]).filter(([, at]) => at !== index).sort(([a], [b]) => b - a).slice(0, NEAREST).map(([, at]) => at);
}

/** A table, so that its figures can be read without seeing the colours. */
function heatMap(lines, likeness) {
  const head = element("tr", {}, element("td"), ...lines.map((line, index) => element("th", { scope: "col", title: line, textContent: index + 1 })));
  const rows = likeness.map((row, index) =>
    element("tr", {}, element("th", { scope: "row", title: lines[index], textContent: index + 1, data: { index } }), ...row.map((value, at) => {
      const cell = element("td", { title: `${lines[index]} · ${lines[at]}: ${value.toFixed(2)}`, data: { index } }, element("span", { class: lines.length > 16 ? "visually-hidden" : "", textContent: value.toFixed(2).replace(/^(-?)0/, "$1") }));
      cell.style.setProperty("--share", `${Math.round(Math.max(0, value) * 100)}%`);
      if (at === index) cell.classList.add("same");
      return cell;
    })));
  return element("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Similarity of each line to each" }, element("table", { class: "heat" }, element("thead", {}, head), element("tbody", {}, ...rows)));
}

function map(lines, points) {
  const edge = 28;
  const scale = (values) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return (value) => edge + ((value - least) / (most - least || 1)) * (SIZE - 2 * edge);
  };
  const [x, y] = [0, 1].map((axis) => scale(points.map((point) => point[axis])));
  const at = apart(points.map(([a, b]) => [x(a), y(b)]), 2 * RADIUS + 2, [edge, SIZE - edge]);
  const links = svg("g", { class: "links" });
  const dots = lines.map((line, index) => {
    const [cx, cy] = at[index];
    const title = svg("title");
    title.textContent = line;
    const label = svg("text", { x: cx, y: cy + 4 });
    label.textContent = index + 1;
    return svg("g", { "data-index": index }, title, svg("circle", { cx, cy, r: RADIUS }), label);
  });
  const root = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, class: "map", role: "img", "aria-label": "The lines in a plane: near each other where they are alike. The list beside it says which." }, links, ...dots);
  root.connect = (index, neighbours) => links.replaceChildren(...neighbours.map((other) => svg("line", { x1: at[index][0], y1: at[index][1], x2: at[other][0], y2: at[other][1] })));
  return root;
}
