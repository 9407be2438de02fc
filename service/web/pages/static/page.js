// The page: what is shown, and how its parts follow one another.
import { boundaries, forecasts, levels, summary } from "/static/answers.js";
import { areaCard } from "/static/area.js";
import { byCode, cityOf, harmRange, harmWords, interval, levelsTable } from "/static/levels.js";
import { RiskMap } from "/static/map.js";
import { Ranking } from "/static/ranking.js";
import { count, dayWords, element, numberWord, periodWords } from "/static/words.js";

const part = (id) => document.getElementById(id);
const state = { issue: null, map: null, ranking: null, chosen: null, question: 0, areaQuestion: 0, areas: 0 };

function banner(strong, words, className = "banner") {
  return element("div", { class: className, role: "note" }, element("strong", {}, strong), words);
}

function showBanners(issue) {
  const banners = [];
  if (issue.simulated) banners.push(banner("Simulated city.", "Its areas and crimes are made up, to show how this works."));
  if (issue.replay) {
    banners.push(banner("Replay.", `This is what would have been issued on ${dayWords(issue.as_of)}, not a forecast of today.`));
  }
  part("banners").replaceChildren(...banners);
}

function showProblem(error) {
  const words = error.remedy ? ` ${error.message} ${error.remedy}` : ` ${error.message}`;
  const box = banner("No forecast can be shown.", words, "banner problem");
  box.setAttribute("role", "alert");
  part("banners").append(box);
  part("subtitle").textContent = "Area forecasts with their uncertainty";
}

// What belongs to one target's forecast is hidden while that target has none to show.
function showParts(shown) {
  for (const section of document.querySelectorAll("#main > *")) section.hidden = !shown;
}

function showModel(target) {
  part("history").href = `/models/${encodeURIComponent(target.target)}`;
  part("history").textContent = `History of the models of ${target.title.toLocaleLowerCase("en-GB")}`;
  part("overrides").textContent = target.overrides
    .map(({ gate, by, reason }) => `The failed gate '${gate}' was overridden by ${by}: ${reason}`)
    .concat(target.inconclusive ? [inconclusiveWords(target.inconclusive)] : [])
    .join(" ");
}

function inconclusiveWords({ gates, by, reason }) {
  const lacking = gates.join(", ") || "any gate: none was recorded with its run";
  return `Not enough evidence for ${lacking}; ${by} approved all the same: ${reason}`;
}

function showWithdrawn({ version, withdrawn_by: by, withdrawn_at: at, reason }) {
  const words = ` Version ${version} was withdrawn by ${by} on ${dayWords(at)}: ${reason} Nothing of it is shown.`;
  const box = banner("The model was withdrawn.", words, "banner problem");
  box.setAttribute("role", "alert");
  box.id = "withdrawn";
  part("banners").append(box);
}

function fact(term, value, small) {
  const definition = element("dd", {}, value);
  if (small) definition.append(element("small", {}, small));
  return element("div", {}, element("dt", {}, term), definition);
}

function bandLabel(name) {
  return state.issue.bands.find((band) => band.band === name).label;
}

function showLegend(bands) {
  part("legend").replaceChildren(...bands.map((band, index) => {
    const words = band.at_least > 0 ? `${band.at_least}× or more` : `under ${bands[index - 1].at_least}×`;
    return element("li", {}, element("span", { class: `swatch band-${band.band}`, "aria-hidden": "true" }), `${band.label} `, element("small", {}, words));
  }));
}

function fillSelect(select, options, value) {
  select.replaceChildren(...options.map(([key, words]) => element("option", { value: key }, words)));
  select.value = options.some(([key]) => key === value) ? value : options[0][0];
}

function chosenTarget() {
  return state.issue.targets.find((target) => target.target === part("target").value);
}

function showPeriods() {
  const options = chosenTarget().periods.map(({ period }, index) => [period, `${periodWords(period)}${index === 0 ? ", the next" : ""}`]);
  fillSelect(part("period"), options, part("period").value);
}

function cityFacts(answer, larger) {
  const city = larger && cityOf(larger);
  const inAreas = `in ${answer.areas.length.toLocaleString("en-GB")} areas`;
  if (!city) return [fact("Expected in the city", count(answer.areas.reduce((sum, row) => sum + row.mean, 0)), inAreas)];
  const expected = fact("Expected in the city", count(city.mean), `${interval(city)}, ${inAreas}`);
  if (!city.harm) return [expected];
  return [expected, fact("Expected harm", harmWords(city.harm, answer.harm.unit), `${harmRange(city.harm)} with 80% probability, weights: ${answer.harm.source}`)];
}

// The areas that the issued forecast flags: the set that is audited, not the hotspots by land.
function flagFacts(answer) {
  if (!state.issue.flags) return [];
  const flagged = answer.areas.filter((row) => row.flagged).length;
  return [fact("Flagged", `${flagged} ${flagged === 1 ? "area" : "areas"}`, state.issue.flags.words)];
}

function showFacts(answer, larger) {
  const ahead = `${numberWord(answer.horizon)} ${answer.horizon === 1 ? "period" : "periods"} ahead of the last known one`;
  part("facts").replaceChildren(
    fact(answer.is_next_period ? "Next period" : "Period", periodWords(answer.period), ahead),
    fact("Last known counts", periodWords(answer.last_known_period), `as of ${dayWords(answer.as_of)}`),
    ...cityFacts(answer, larger),
    ...flagFacts(answer),
    fact("Model", `Version ${answer.model_version}`, `run ${answer.model_run_id.slice(0, 12)}`),
    fact("Approved by", answer.approved_by, dayWords(answer.approved_at)),
    fact("Forecast", answer.forecast_id, `issued ${dayWords(answer.issued_at)} by ${answer.issued_by}`),
  );
  part("meaning").textContent = answer.note;
  part("map-title").textContent = `${answer.title}: risk in ${periodWords(answer.period)}`;
  part("ranking-title").textContent = `Ranking, ${answer.title.toLocaleLowerCase("en-GB")}, ${periodWords(answer.period)}`;
}

async function showForecast() {
  const question = ++state.question;
  const target = chosenTarget();
  document.getElementById("withdrawn")?.remove();
  showModel(target);
  showParts(!target.withdrawn);
  if (target.withdrawn) {
    showWithdrawn(target.withdrawn);
    return;
  }
  const asked = [part("target").value, part("period").value];
  const [answer, larger] = await Promise.all([forecasts(...asked), state.issue.levels.length ? levels(...asked) : null]);
  if (question !== state.question) return;
  state.areas = answer.areas.length;
  showFacts(answer, larger);
  state.map.show(answer.areas);
  state.ranking.show(answer.areas, larger, larger && byCode(larger));
  part("levels").hidden = !larger;
  part("levels-table").replaceChildren(...(larger ? [levelsTable(larger)] : []));
  if (state.chosen) await showArea(state.chosen);
}

function chartWidth() {
  const style = getComputedStyle(part("area"));
  return part("area").clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
}

async function showArea(code) {
  const question = ++state.areaQuestion;
  const card = await areaCard(code, part("target").value, part("period").value, bandLabel, state.areas, chartWidth());
  if (question !== state.areaQuestion) return;
  part("area-empty").hidden = true;
  part("area-empty").querySelector("h2")?.removeAttribute("id");
  part("area-body").hidden = false;
  part("area-body").replaceChildren(...card);
}

async function choose(code, fromTable = false) {
  state.chosen = code;
  state.map.choose(code);
  state.ranking.choose(code);
  await guarded(() => showArea(code));
  if (fromTable) {
    part("area").focus({ preventScroll: true });
    part("area").scrollIntoView({ block: "nearest" });
  }
}

async function guarded(work) {
  try {
    await work();
  } catch (error) {
    showProblem(error);
  }
}

async function start() {
  const issue = await summary();
  state.issue = issue;
  document.title = `Wardcast: ${issue.city}`;
  part("city").textContent = issue.city;
  part("subtitle").textContent = "Where crime is expected, how sure that is, and who approved it";
  showBanners(issue);
  showLegend(issue.bands);
  fillSelect(part("target"), issue.targets.map((target) => [target.target, target.title]), null);
  showPeriods();
  part("provenance").textContent =
    `Forecast ${issue.forecast_id}, made from ${issue.publications.length === 1 ? "one publication" : `${numberWord(issue.publications.length)} publications`} of counts.`;
  part("main").hidden = false;
  state.map = new RiskMap(part("map"), choose);
  state.ranking = new Ranking({
    columns: part("columns"), rows: part("rows"), shown: part("shown"), more: part("more"),
    within: part("within"), find: part("find"), parent: part("parent"), parentLabel: part("parent-label"), filters: part("filters"),
  }, issue.bands, choose);
  state.map.draw(await boundaries());
  await showForecast();
  part("main").dataset.coloured = String(state.map.coloured());
}

part("controls").addEventListener("submit", (event) => event.preventDefault());
part("target").addEventListener("change", () => {
  showPeriods();
  guarded(showForecast);
});
part("period").addEventListener("change", () => guarded(showForecast));
guarded(start);
