// The briefing: the address says what is shown, the service writes the words, and this colours the map and the table.
import { boundaries, forecasts, page } from "./answers.js";
import { areaCard } from "./area.js";
import { AreaMap } from "./map.js";
import { picture } from "./picture.js";
import { Ranking } from "./ranking.js";
import { viewOf } from "./views.js";
import { element } from "./words.js";

const NAMES = ["target", "period", "within", "area", "view", "k"];
const CITY = "city";
// What may be absent for another target; it is left out where the service does not know it there.
const LOOSE = ["view", "within", "area", "k"];
const SLIDE_PAUSE = 120;
const part = (id) => document.getElementById(id);
const here = { asked: null, question: 0, rows: [], map: null, ranking: null, places: new Map() };

function asked() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name)]));
}

function address(question) {
  const given = NAMES.filter((name) => question[name]).map((name) => [name, question[name]]);
  return given.length ? `/?${new URLSearchParams(given)}` : "/";
}

// Goes to another question: Back leads to the one before, unless the new one takes its place.
async function go(change, { replaces = false } = {}) {
  here.asked = { ...here.asked, ...change };
  history[replaces ? "replaceState" : "pushState"](null, "", address(here.asked));
  await guarded(show);
}

async function pageOfQuestion() {
  try {
    return await page(address(here.asked));
  } catch (error) {
    if (!LOOSE.some((name) => here.asked[name])) throw error;
    here.asked = { ...here.asked, ...Object.fromEntries(LOOSE.map((name) => [name, null])) };
    history.replaceState(null, "", address(here.asked));
    return page(address(here.asked));
  }
}

async function show() {
  const question = ++here.question;
  const made = await pageOfQuestion();
  if (question !== here.question) return;
  if (made.body.dataset.served !== document.body.dataset.served) {
    location.reload();
    return;
  }
  for (const old of document.querySelectorAll("[data-part]")) old.replaceWith(made.getElementById(old.id));
  part("target").value = made.getElementById("target").value;
  listen();
  await showRows(question);
}

async function showRows(question) {
  const answer = await forecasts(part("target").value, part("period").value);
  if (question !== here.question) return;
  here.rows = answer.areas;
  here.places = placesOf(here.rows);
  part("places").replaceChildren(...[...here.places.keys()].map((words) => element("option", { value: words })));
  const { area } = here.asked;
  const within = here.asked.within === CITY ? null : here.asked.within;
  here.map.show(here.rows, viewOf(part("legend")), within, Number(part("k")?.value ?? 0));
  here.ranking.show(within ? here.rows.filter((row) => row.parent === within) : here.rows);
  await showArea(area);
}

// Words of the search → what they lead to: a district, or an area. Equal names are told apart by their codes.
function placesOf(rows) {
  const places = new Map();
  const add = (name, code, change) => places.set(places.has(name) ? `${name} (${code})` : name, change);
  for (const row of rows) {
    if (row.parent) places.set(row.parent_name ?? row.parent, { within: row.parent, area: null });
  }
  for (const row of rows) add(row.name, row.area, { area: row.area });
  return places;
}

function search(words) {
  const wanted = words.trim().toLocaleLowerCase("en-GB");
  if (!wanted) return null;
  const found = [...here.places].filter(([name]) => name.toLocaleLowerCase("en-GB").startsWith(wanted));
  const exact = found.find(([name]) => name.toLocaleLowerCase("en-GB") === wanted);
  const byCode = here.rows.find((row) => row.area.toLocaleLowerCase("en-GB") === wanted);
  return exact?.[1] ?? (byCode ? { area: byCode.area } : null) ?? found[0]?.[1] ?? null;
}

async function showArea(code) {
  here.map.choose(code);
  here.ranking.choose(code);
  part("area").hidden = !code;
  if (!code) return;
  const question = here.question;
  const width = part("area").clientWidth - 2 * parseFloat(getComputedStyle(part("area")).paddingLeft);
  const card = await areaCard(code, part("target").value, part("period").value, here.rows.length, width);
  if (question === here.question) part("area").replaceChildren(...card);
}

async function choose(code) {
  await go({ area: code });
  part("area").focus({ preventScroll: true });
  part("area").scrollIntoView({ block: "nearest" });
}

// What is written of covering other than the slider itself, which is in somebody's hand.
async function showCovered() {
  const question = ++here.question;
  const made = await page(address(here.asked));
  if (question !== here.question) return;
  for (const selector of ["#covered", ".people"]) {
    const [old, fresh] = [document, made].map((one) => one.querySelector(`#beside ${selector}`));
    if (old && fresh) {
      fresh.open = old.open;
      old.replaceWith(fresh);
    }
  }
}

function slide(input) {
  here.map.cover(Number(input.value));
  part("k-shown").textContent = input.value;
  clearTimeout(here.sliding);
  here.sliding = setTimeout(() => {
    here.asked.k = input.value === input.dataset.default ? null : input.value;
    history.replaceState(null, "", address(here.asked));
    guarded(showCovered);
  }, SLIDE_PAUSE);
}

function showProblem(error) {
  part("answer").replaceChildren(element("section", { class: "card", role: "alert" },
    element("p", {}, error.message), element("p", {}, error.remedy ?? "")));
}

async function guarded(work) {
  try {
    await work();
    part("work").dataset.coloured = String(here.map.coloured());
  } catch (error) {
    showProblem(error);
  }
}

async function takePicture() {
  const [map, legend, headline] = ["map", "legend", "headline"].map(part);
  const about = { map, legend, headline: headline.textContent, note: part("picture").dataset.note };
  const link = element("a", { href: URL.createObjectURL(await picture(about)), download: part("picture").dataset.name });
  link.click();
  URL.revokeObjectURL(link.href);
}

// Parts that the service wrote anew have to be listened to anew.
function listen() {
  for (const name of ["period", "within", "view"]) {
    part(name)?.addEventListener("change", ({ target: { value } }) => go({ [name]: value === CITY ? null : value }));
  }
  part("k")?.addEventListener("input", (event) => slide(event.target));
  part("picture")?.addEventListener("click", () => guarded(takePicture));
  for (const link of document.querySelectorAll("#highest a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(link.closest("tr").dataset.area);
    });
  }
}

async function start() {
  here.asked = asked();
  part("controls").addEventListener("submit", (event) => {
    event.preventDefault();
  });
  if (document.body.dataset.served === "no") {
    part("target").addEventListener("change", (event) => location.assign(`/?target=${encodeURIComponent(event.target.value)}`));
    return;
  }
  part("target").addEventListener("change", (event) => go({ target: event.target.value }));
  part("find").addEventListener("change", (event) => {
    const found = search(event.target.value);
    if (found) go(found);
  });
  window.addEventListener("popstate", () => {
    here.asked = asked();
    guarded(show);
  });
  here.map = new AreaMap(part("map"), choose);
  here.ranking = new Ranking({ columns: part("columns"), rows: part("rows"), shown: part("shown"), more: part("more") }, choose);
  listen();
  await guarded(async () => {
    here.map.draw(await boundaries(part("map").dataset.outlines));
    await showRows(here.question);
  });
}

start();
