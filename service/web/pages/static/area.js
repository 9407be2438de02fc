// The card of one area: what is expected, how sure that is, and what was.
import { areaForecast, areaHistory } from "./answers.js";
import { historyChart } from "./chart.js";
import { reasonsList } from "./reasons.js";
import { count, element, percent, periodWords, range, rankWords, times } from "./words.js";

function fact(term, value, title) {
  return element("div", { title }, element("dt", {}, term), element("dd", {}, value));
}

function keyItem(className, words) {
  return element("li", {}, element("span", { class: className, "aria-hidden": "true" }), words);
}

function intervals(forecast) {
  const rows = [["50%", "q25", "q75"], ["80%", "q10", "q90"], ["90%", "q05", "q95"], ["95%", "q025", "q975"]].map(([name, low, high]) =>
    element("tr", {}, element("th", { class: "text", scope: "row" }, `${name} probability`), element("td", {}, range(forecast[low], forecast[high]))));
  return element("table", { class: "intervals" }, element("caption", { class: "text hint" }, "How many crimes, and how sure"), element("tbody", {}, ...rows));
}

function harmSentence(harm, about) {
  return `Expected harm: ${count(harm.mean)} ${about.unit}, ${count(harm.low)} to ${count(harm.high)} with ${Math.round(about.interval * 100)}% probability. Weights: ${about.source}.`;
}

export async function areaCard(code, target, period, areas, width) {
  const [answer, known] = await Promise.all([areaForecast(code, target, period), areaHistory(code, target)]);
  const { forecast, periods, reasons } = answer;
  const when = periodWords(answer.period);
  const interval = `${range(forecast.q10, forecast.q90)} with 80% probability`;
  const title = element("div", { class: "area-title" },
    element("div", {}, element("h2", { id: "area-name" }, element("a", { href: `/areas/${encodeURIComponent(code)}?${new URLSearchParams({ target, period })}` }, forecast.name)),
      element("p", { class: "hint" }, forecast.parent ? `${code}, within ${forecast.parent_name ?? forecast.parent}` : code)));
  const lead = element("p", { class: "lead", id: "area-interval" }, element("strong", {}, count(forecast.mean)),
    ` expected in ${when}: ${interval}.`);
  const numbers = element("dl", { class: "numbers" },
    ...(forecast.p_at_least_one > 0.995 ? [] : [fact("At least one", percent(forecast.p_at_least_one))]),
    fact("Rank", `${forecast.rank} of ${areas}`, rankWords(forecast)),
    ...(forecast.a_year_before === null ? [] : [fact("A year before", count(forecast.a_year_before))]),
    fact("Beside the mean area", times(forecast.risk_score)),
    ...(forecast.flagged === null ? [] : [fact("Flagged", forecast.flagged ? "yes" : "no")]));
  const label = `${answer.title} in ${forecast.name}: recorded counts to ${periodWords(answer.last_known_period)}, and ${interval} in ${when}.`;
  const chart = historyChart(known.history, periods, periods[0].horizon, label, width);
  const key = element("ul", { class: "chart-key", "aria-label": "Key of the chart" },
    keyItem("key-line", "recorded"), keyItem("key-line expected", "expected"),
    keyItem("swatch key-50", "50%"), keyItem("swatch key-80", "80%"), keyItem("swatch key-95", "95%"));
  const harm = forecast.harm ? [element("p", { class: "hint", id: "area-harm" }, harmSentence(forecast.harm, answer.harm))] : [];
  return [title, lead, numbers, ...harm, ...reasonsList(reasons, forecast.mean), element("h3", {}, "Recorded and forecast, per period"), chart, key, intervals(forecast)];
}
