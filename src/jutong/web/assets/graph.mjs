// Draws what depends on what beside the list that it is read from; a bundle of its own, for few pages need it.
import { init, use } from "echarts/core";
import { GraphChart } from "echarts/charts";
import { SVGRenderer } from "echarts/renderers";

use([GraphChart, SVGRenderer]);

const NARROWEST = 560;
const MARKS = ["circle", "rect", "triangle", "diamond"];

// Dependencies, read from rows that name both ends; the middle column stays in the list.
function graph(figure, picture) {
  const rows = [...figure.querySelectorAll("tr[data-source]")];
  const nodes = new Map();
  const steps = new Map([[figure.dataset.start, 0]]);
  for (const row of rows) {
    for (const [id, cell] of [[row.dataset.source, row.cells[0]], [row.dataset.target, row.cells[2]]]) {
      nodes.set(id, { id, name: cell.textContent.trim(), kind: cell.dataset.kind, href: cell.querySelector("a").href });
    }
  }
  // How far each stands from the start: to the left what it rests on, to the right what it hurts.
  for (let round = 0; round < nodes.size; round += 1) {
    for (const row of rows) {
      const [from, to] = [row.dataset.source, row.dataset.target];
      if (steps.has(from) && !steps.has(to)) steps.set(to, steps.get(from) + 1);
      if (steps.has(to) && !steps.has(from)) steps.set(from, steps.get(to) - 1);
    }
  }
  const lanes = new Map();
  for (const id of nodes.keys()) lanes.set(steps.get(id) ?? 0, (lanes.get(steps.get(id) ?? 0) ?? 0) + 1);
  const [first, last, most] = [Math.min(...lanes.keys()), Math.max(...lanes.keys()), Math.max(...lanes.values())];
  const height = Math.min(640, 120 + 36 * most);
  // In the picture's own measures: what is stretched to fit stretches its marks and words, too.
  const [across, down] = [(picture.clientWidth - 120) / Math.max(last - first, 1), (height - 56) / Math.max(most - 1, 1)];
  const taken = new Map();
  const data = [...nodes.values()].map((one) => {
    const lane = steps.get(one.id) ?? 0;
    const place = taken.get(lane) ?? 0;
    taken.set(lane, place + 1);
    const start = one.id === figure.dataset.start;
    return { ...one, x: (lane - first) * across, y: (place - (lanes.get(lane) - 1) / 2) * down, symbol: MARKS[Math.abs(lane) % MARKS.length], symbolSize: start ? 18 : 11, itemStyle: { color: start ? "#0b5cad" : "#51606f" } };
  });
  picture.style.height = `${height}px`;
  const drawn = init(picture, null, { renderer: "svg" });
  drawn.setOption({
    animation: false,
    series: [{
      type: "graph",
      layout: "none",
      roam: false,
      left: 60, right: 60, top: 24, bottom: 32,
      edgeSymbol: ["none", "arrow"],
      edgeSymbolSize: 8,
      lineStyle: { color: "#51606f", width: 1.2 },
      label: { show: true, position: "bottom", width: Math.max(across - 16, 48), overflow: "truncate", color: "#1b2733", fontFamily: getComputedStyle(document.body).fontFamily },
      data,
      links: rows.map((row) => ({ source: row.dataset.source, target: row.dataset.target })),
    }],
  });
  drawn.on("click", ({ data: one }) => {
    if (one?.href) location.assign(one.href);
  });
}

export function chart(figure) {
  const picture = figure.querySelector(".chart-picture");
  // A telephone is too narrow for it; the list beside it says the same.
  if (!picture || picture.dataset.drawn || figure.clientWidth < NARROWEST) return;
  picture.dataset.drawn = "1";
  picture.hidden = false;
  figure.classList.add("chart-drawn");
  graph(figure, picture);
}
