// Line plots, in the page's colours. The library is loaded with the first of them.

const HEIGHT = 280;
const MOST_POINTS = 4000;

let library = null;

async function uPlot() {
  library ??= import("uplot").then((module) => module.default);
  return library;
}

const colour = (name) => {
  // light-dark() is only resolved where a colour is used.
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

/**
 * A plot over seconds that grows. `series` are [label, colour] pairs, `bound` is a dashed line, `most` the highest value
 * expected. `add` takes a time and a value for each series.
 */
export async function livePlot(root, series, bound, most) {
  const Plot = await uPlot();
  root.plot?.destroy();
  const data = Array.from({ length: series.length + 2 }, () => []);
  const axis = () => ({ stroke: colour("--quiet"), grid: { stroke: colour("--edge"), width: 1 }, ticks: { show: false }, font: "12px system-ui", size: 40 });
  const draw = () => {
    root.plot?.destroy();
    root.replaceChildren();
    root.plot = new Plot(
      {
        width: root.clientWidth,
        height: HEIGHT,
        padding: [12, 8, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: (_, least, end) => [0, Math.max(end, 1)] }, y: { range: [0, most * 1.05] } },
        axes: [{ ...axis(), values: (_, values) => values.map((value) => `${value} s`) }, axis()],
        series: [
          {},
          ...series.map(([label, name]) => ({ label, stroke: colour(name), width: 2, points: { show: false }, paths: Plot.paths.stepped({ align: 1 }) })),
          { label: bound.label, stroke: colour("--quiet"), width: 1.5, dash: [6, 5], points: { show: false } },
        ],
      },
      data,
      root,
    );
  };
  draw();
  if (!root.observed) {
    root.observed = new ResizeObserver(() => root.clientWidth > 0 && root.plot?.setSize({ width: root.clientWidth, height: HEIGHT }));
    root.observed.observe(root);
  }
  document.removeEventListener("themechange", root.redraw);
  root.redraw = draw;
  document.addEventListener("themechange", draw);
  return {
    add(values) {
      if (data[0].length >= MOST_POINTS) return;
      for (const [index, value] of [...values, bound.value].entries()) data[index].push(value);
      root.plot.setData(data);
    },
  };
}
