// Draws a chart beside the table that it is read from; the table stays what counts.
import { init, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { GridSimpleComponent, LegendPlainComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

// The smallest set: numbers are read from the table beside, so nothing appears under the pointer.
use([BarChart, LineChart, GridSimpleComponent, LegendPlainComponent, SVGRenderer]);

// Told apart by lightness and by mark, not by colour alone.
const COLOURS = ["#0b5cad", "#7fb2e5", "#51606f", "#b0bac4"];
const MARKS = ["circle", "rect", "triangle", "diamond"];

function read(figure) {
  const table = figure.querySelector("table");
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
  return {
    names: rows.map((cells) => cells[0].textContent.trim()),
    series: heads.slice(1).map((name, place) => ({
      name,
      values: rows.map((cells) => Number(cells[place + 1].dataset.value)),
      links: rows.map((cells) => cells[place + 1].querySelector("a")?.href),
    })),
  };
}

export function chart(figure) {
  const picture = figure.querySelector(".chart-picture");
  if (!picture || picture.dataset.drawn) return;
  picture.dataset.drawn = "1";
  picture.hidden = false;
  figure.classList.add("chart-drawn");
  const { names, series } = read(figure);
  const kind = figure.dataset.chart;
  const font = getComputedStyle(document.body).fontFamily;
  const drawn = init(picture, null, { renderer: "svg" });
  drawn.setOption({
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: font, color: "#1b2733" },
    grid: { left: 8, right: 16, top: series.length > 1 ? 40 : 16, bottom: 8, containLabel: true },
    legend: series.length > 1 ? { top: 0, left: 0, selectedMode: false } : undefined,
    xAxis: { type: "category", data: names, axisLabel: { color: "#51606f" } },
    yAxis: { type: "value", name: figure.dataset.unit ?? "", axisLabel: { color: "#51606f" }, splitLine: { lineStyle: { color: "#d5dce3" } } },
    series: series.map((one, place) => ({
      type: kind === "line" ? "line" : "bar",
      name: one.name,
      data: one.values,
      symbol: MARKS[place % MARKS.length],
      symbolSize: 8,
      barMaxWidth: 36,
    })),
  });
  drawn.on("click", ({ seriesIndex, dataIndex }) => {
    const link = series[seriesIndex]?.links[dataIndex];
    if (link) location.assign(link);
  });
  new ResizeObserver(() => drawn.resize()).observe(picture);
}
