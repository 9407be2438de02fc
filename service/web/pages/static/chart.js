// An area's history and the fan of its forecast, drawn as SVG.
import { periodWords, shortPeriod } from "./words.js";

const HEIGHT = 250;
const EDGE = { left: 34, right: 10, top: 12, bottom: 26 };
const FANS = [["fan-95", "q025", "q975"], ["fan-80", "q10", "q90"], ["fan-50", "q25", "q75"]];

function shape(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function niceStep(top) {
  const rough = Math.max(top, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  return Math.max(1, step);
}

// ``width`` is that of the place it is drawn in, pixels, so that its text keeps its size.
export function historyChart(history, periods, horizonOfFirst, label, width) {
  const gap = horizonOfFirst - 1;
  const slots = history.length + gap + periods.length;
  const highest = Math.max(1, ...history.map((known) => known.count ?? 0), ...periods.map((ahead) => ahead.q975));
  const step = niceStep(highest);
  const top = Math.ceil(highest / step) * step;
  const slot = (width - EDGE.left - EDGE.right) / slots;
  const x = (index) => EDGE.left + slot * (index + 0.5);
  const y = (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
  const chart = shape("svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label });

  for (let value = 0; value <= top; value += step) {
    chart.append(shape("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }));
    chart.append(shape("text", { x: EDGE.left - 7, y: y(value) + 4, "text-anchor": "end" }, value));
  }
  if (gap > 0) drawUnknown(chart, x(history.length) - slot / 2, gap * slot, y(top), y(0));
  drawAxis(chart, history, x, Math.max(2, Math.floor(width / 105)));
  drawFans(chart, periods, history.length + gap, slot, x, y);
  drawHistory(chart, history, x, y);
  return chart;
}

function drawUnknown(chart, left, width, top, bottom) {
  const box = shape("rect", { class: "unknown", x: left, y: top, width, height: bottom - top });
  box.append(shape("title", {}, "Not published yet when the forecast was issued"));
  chart.append(box);
}

function drawAxis(chart, history, x, labels) {
  const every = Math.max(1, Math.ceil(history.length / labels));
  history.forEach((known, index) => {
    if (index % every === 0) {
      chart.append(shape("text", { x: x(index), y: HEIGHT - 7, "text-anchor": "middle" }, shortPeriod(known.period)));
    }
  });
}

function drawFans(chart, periods, start, slot, x, y) {
  for (const [name, low, high] of FANS) {
    periods.forEach((ahead, index) => {
      const bottom = y(Math.max(0, ahead[low] - 0.25));
      const height = Math.max(3, bottom - y(ahead[high] + 0.25));
      const box = shape("rect", { class: name, x: x(start + index) - slot * 0.46, y: bottom - height, width: slot * 0.92, height });
      box.append(shape("title", {}, `${periodWords(ahead.period)}: ${ahead[low]} to ${ahead[high]}`));
      chart.append(box);
    });
  }
  const line = periods.map((ahead, index) => `${x(start + index)},${y(ahead.mean)}`).join(" ");
  chart.append(shape("polyline", { class: "expected", points: line }));
  periods.forEach((ahead, index) => {
    chart.append(shape("circle", { class: "expected-dot", cx: x(start + index), cy: y(ahead.mean), r: 4 }));
  });
}

function drawHistory(chart, history, x, y) {
  let pieces = "";
  let pen = "M";
  history.forEach((known, index) => {
    if (known.count === null) {
      pen = "M";
      return;
    }
    pieces += `${pen}${x(index)},${y(known.count)}`;
    pen = "L";
  });
  chart.append(shape("path", { class: "history", d: pieces || "M0,0" }));
  history.forEach((known, index) => {
    if (known.count === null) return;
    const dot = shape("circle", { class: "known", cx: x(index), cy: y(known.count), r: 2.2 });
    dot.append(shape("title", {}, `${periodWords(known.period)}: ${known.count}`));
    chart.append(dot);
  });
}
