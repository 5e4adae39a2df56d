// Draws the ratios as bars, in an SVG without scripts or fonts.
import { finder } from "./document.mjs";

const ROWS = [
  ["one text changes", "single slot"],
  ["two texts and a number", "together"],
  ["text and usage", "usage in every chunk"],
  ["id, time, text and usage", "id, created and usage change"],
  ["log probabilities", "logprobs"],
  ["tool arguments", "tool arguments"],
];
const LIBRARIES = { openai: "#c2410c", "@huggingface/inference": "#ca8a04", "eventsource-parser": "#2563eb" };
const [LEFT, WIDTH, BAR, GAP, TOP] = [190, 720, 12, 14, 56];

/** Bars that show how many times longer each library takes, in network chunks of 16 KiB. */
export function plot(figures) {
  const find = finder(figures);
  const ratioOf = (library, workload) => find(library, workload, 16384) / find("hfetch", workload, 16384);
  const names = Object.keys(LIBRARIES);
  const most = Math.max(...ROWS.flatMap(([, workload]) => names.map((library) => ratioOf(library, workload))));
  const scale = (WIDTH - LEFT - 60) / most;
  const block = names.length * BAR + GAP;
  const height = TOP + ROWS.length * block + 10;
  const shapes = ROWS.flatMap(([label, workload], row) => {
    const y = TOP + row * block;
    const bars = names.map((library, at) => {
      const ratio = ratioOf(library, workload);
      const [top, width] = [y + at * BAR, ratio * scale];
      return `<rect x="${LEFT}" y="${top}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${LIBRARIES[library]}"/><text x="${(LEFT + width + 5).toFixed(1)}" y="${top + BAR - 3}" font-size="10">${ratio.toPrecision(2)}</text>`;
    });
    return [`<text x="${LEFT - 10}" y="${y + block / 2 - 3}" text-anchor="end" font-size="12">${label}</text>`, ...bars];
  });
  const legend = names.map((library, at) => `<rect x="${LEFT + at * 170}" y="30" width="10" height="10" fill="${LIBRARIES[library]}"/><text x="${LEFT + at * 170 + 15}" y="39" font-size="11">${library}</text>`);
  const one = LEFT + scale;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" fill="#1f2937" role="img" aria-label="Time of other libraries divided by hfetch's, by kind of stream">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="20" y="18" font-size="13" font-weight="600">Time a chunk, as a multiple of hfetch's (Node, network chunks of 16 KiB)</text>
${legend.join("\n")}
${shapes.join("\n")}
<line x1="${one.toFixed(1)}" y1="${TOP - 6}" x2="${one.toFixed(1)}" y2="${height - 8}" stroke="#1f2937" stroke-dasharray="3 3"/>
</svg>
`;
}
