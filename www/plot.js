// Line plots in the page's colours. The plotting library is loaded with the first of them.

const MOST_POINTS = 4000;
const SHORTEST = 0.4; // s: the shortest time axis

let library = null;

async function uPlot() {
  library ??= import("uplot").then((module) => module.default);
  return library;
}

const colour = (name) => {
  // light-dark() is resolved only where a colour is used.
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

const sizeOf = (root) => ({ width: root.clientWidth, height: root.clientHeight });

/** A dashed line from end to end, with a label on it. */
function drawBound({ ctx, bbox, valToPos }, { value, label }) {
  const y = valToPos(value, "y", true);
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour("--ink");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6, 5].map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(right, y);
  ctx.stroke();
  ctx.font = `600 ${12 * devicePixelRatio}px system-ui`;
  ctx.textAlign = "right";
  ctx.fillText(label, right, y - 7 * devicePixelRatio);
  ctx.restore();
}

/**
 * A plot over seconds that grows. `series` are [label, colour] pairs, `bound` is a dashed line, `most` the highest expected value. `add` takes a time and a value for
 * each series.
 */
export async function livePlot(root, series, bound, most) {
  const Plot = await uPlot();
  root.plot?.destroy();
  const data = Array.from({ length: series.length + 1 }, () => []);
  const axis = () => ({ stroke: colour("--quiet"), grid: { stroke: colour("--edge"), width: 1 }, ticks: { show: false }, font: "12px system-ui", size: 40, space: 72 });
  const draw = () => {
    root.plot?.destroy();
    root.replaceChildren();
    root.plot = new Plot(
      {
        ...sizeOf(root),
        padding: [16, 24, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: (_, least, end) => [0, Math.max(end, SHORTEST)] }, y: { range: [0, most * 1.05] } },
        axes: [{ ...axis(), values: (_, values) => values.map((value) => `${value} s`) }, { ...axis(), space: 48 }],
        hooks: { drawAxes: [(plot) => drawBound(plot, bound)] },
        series: [
          {},
          ...series.map(([label, name]) => ({ label, stroke: colour(name), width: 2, points: { show: false }, paths: Plot.paths.stepped({ align: 1 }) })),
        ],
      },
      data,
      root,
    );
  };
  draw();
  if (!root.observed) {
    root.observed = new ResizeObserver(() => root.clientWidth > 0 && root.plot?.setSize(sizeOf(root)));
    root.observed.observe(root);
  }
  document.removeEventListener("themechange", root.redraw);
  root.redraw = draw;
  document.addEventListener("themechange", draw);
  return {
    add(values) {
      if (data[0].length >= MOST_POINTS) return;
      for (const [index, value] of values.entries()) data[index].push(value);
      root.plot.setData(data);
    },
  };
}
