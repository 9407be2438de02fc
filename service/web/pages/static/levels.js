// Districts and the city: a table of sums of the areas' forecasts, and sentences about one of them.
import { count, element, periodWords, range } from "/static/words.js";

export const harmWords = (harm, unit) => `${count(harm.mean)} ${unit}`;
export const harmRange = (harm) => `${count(harm.low)} to ${count(harm.high)}`;

export function harmSentence(harm, about) {
  return `Expected harm: ${harmWords(harm, about.unit)}, ${harmRange(harm)} with ${Math.round(about.interval * 100)}% probability. Weights: ${about.source}.`;
}

export const interval = (row) => `${range(row.q10, row.q90)} with 80% probability`;

export function sentence(row, answer) {
  const harm = row.harm ? ` ${harmSentence(row.harm, answer.harm)}` : "";
  return `${row.name}, ${row.areas} areas: ${count(row.mean)} expected in ${periodWords(answer.period)}, ${interval(row)}.${harm}`;
}

// Code of a larger area → its row, and the city's row.
export function byCode(answer) {
  return new Map(answer.levels.flatMap((level) => level.areas.map((row) => [row.area, row])));
}

export const cityOf = (answer) => answer.levels.find((level) => level.level === "city")?.areas[0];

function heading(words, className) {
  return element("th", { scope: "col", class: className }, words);
}

function lines(level, answer) {
  const rows = [...level.areas].sort((a, b) => b.mean - a.mean || a.name.localeCompare(b.name, "en-GB"));
  return rows.map((row) => element("tr", { "data-area": row.area, class: level.level === "city" ? "city-row" : "" },
    element("th", { class: "text", scope: "row", title: row.area }, row.name),
    element("td", { class: "narrow-hide" }, row.areas.toLocaleString("en-GB")),
    element("td", {}, count(row.mean)),
    element("td", {}, range(row.q10, row.q90)),
    ...(answer.harm ? [element("td", {}, row.harm ? count(row.harm.mean) : ""), element("td", {}, row.harm ? harmRange(row.harm) : "")] : [])));
}

export function levelsTable(answer) {
  const harm = answer.harm ? [heading(`Harm, ${answer.harm.unit}`), heading("80% interval")] : [];
  const head = element("tr", {}, heading("Within", "text"), heading("Areas", "narrow-hide"), heading("Expected"), heading("80% interval"), ...harm);
  const levels = [...answer.levels].reverse();
  const body = levels.flatMap((level) => lines(level, answer));
  const caption = `${levels.map((level) => level.title).join(", ")}: ${answer.made_by}.`;
  const source = answer.harm ? ` Harm is weighed by: ${answer.harm.source}.` : "";
  return element("table", {}, element("caption", { class: "text hint" }, caption + source), element("thead", {}, head), element("tbody", {}, ...body));
}
