// A small curve of the last values. It is decoration next to a figure that says the same.

import { svg } from "./element.js";

const [WIDTH, HEIGHT, POINTS] = [240, 36, 120];

export class Sparkline {
  #values = [];
  #line = svg("path", { class: "line" });
  #area = svg("path", { class: "area" });

  constructor(root) {
    root.append(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" }, this.#area, this.#line));
  }

  clear() {
    this.#values = [];
    this.#draw();
  }

  add(value) {
    this.#values.push(value);
    if (this.#values.length > POINTS) this.#values.shift();
    this.#draw();
  }

  #draw() {
    const most = Math.max(...this.#values, 1) * 1.1;
    const step = WIDTH / Math.max(this.#values.length - 1, 1);
    const points = this.#values.map((value, index) => `${(index * step).toFixed(1)},${(HEIGHT - (value / most) * (HEIGHT - 2)).toFixed(1)}`);
    const path = points.length > 1 ? `M${points.join("L")}` : "";
    this.#line.setAttribute("d", path);
    this.#area.setAttribute("d", path && `${path}L${WIDTH},${HEIGHT}L0,${HEIGHT}Z`);
  }
}
