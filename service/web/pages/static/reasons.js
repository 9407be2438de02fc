// Why an area's forecast is what it is: bars to the left of the middle take away, bars to the right add.
import { element } from "./words.js";

const MINUS = "\u2212";

// As many decimals as the smallest forecasts need to be told from nothing.
function decimalsFor(mean) {
  if (mean >= 1) return 1;
  return mean >= 0.1 ? 2 : 3;
}

// Rounded values that add up to the rounded total: what rounding lacks goes to those that it moved furthest.
function roundedToAddUp(values, total, decimals) {
  const steps = values.map((value) => value * 10 ** decimals);
  const whole = steps.map(Math.round);
  const lacking = Math.round(total * 10 ** decimals) - whole.reduce((sum, step) => sum + step, 0);
  const towards = Math.sign(lacking);
  const furthest = steps.map((_, index) => index).sort((one, other) => towards * (whole[one] - steps[one] - whole[other] + steps[other]));
  for (const index of furthest.slice(0, Math.abs(lacking))) whole[index] += towards;
  return whole.map((step) => step / 10 ** decimals);
}

function signed(value, decimals) {
  if (value === 0) return (0).toFixed(decimals);
  return `${value > 0 ? "+" : MINUS}${Math.abs(value).toFixed(decimals)}`;
}

function bar(value, largest) {
  const share = largest > 0 ? (50 * Math.abs(value)) / largest : 0;
  const filled = element("span", { class: value < 0 ? "reason-bar less" : "reason-bar more-crime" });
  filled.style.width = `${share}%`;
  filled.style.insetInlineStart = `${value < 0 ? 50 - share : 50}%`;
  return element("span", { class: "reason-track", "aria-hidden": "true" }, filled);
}

function row(label, number, drawn, className) {
  return element("tr", { class: className },
    element("th", { class: "text", scope: "row" }, label), element("td", { class: "reason-cell" }, ...drawn), element("td", {}, number));
}

function meanings(reasons) {
  const words = reasons.map((reason) => element("div", {}, element("dt", {}, reason.label), element("dd", {}, reason.meaning)));
  return element("details", { class: "meanings hint" }, element("summary", {}, "What these words mean"), element("dl", {}, ...words));
}

// ``reasons`` as the API gives them, the usual level first; null where the forecast was issued without.
export function reasonsList(reasons, mean) {
  if (reasons === null) return [];
  const decimals = decimalsFor(mean);
  const values = roundedToAddUp(reasons.map((reason) => reason.crimes), mean, decimals);
  const largest = Math.max(...reasons.slice(1).map((reason) => Math.abs(reason.crimes)), 0);
  const rows = reasons.map((reason, index) => index === 0
    ? row(reason.label, values[index].toFixed(decimals), [], "reason-start")
    : row(reason.label, signed(values[index], decimals), [bar(reason.crimes, largest)], "reason"));
  const total = row("Expected", mean.toFixed(decimals), [], "reason-total");
  return [element("table", { class: "reasons", id: "area-reasons" },
    element("caption", { class: "text hint" }, "Why: from the usual level to what is expected"), element("tbody", {}, ...rows, total)), meanings(reasons)];
}
