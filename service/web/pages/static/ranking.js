// The ranking: a sortable, filterable table that holds everything the map shows.
import { sentence } from "/static/levels.js";
import { count, element, percent, range, times } from "/static/words.js";

const FIRST_ROWS = 100;
const COLUMNS = [
  { key: "rank", title: "Rank", show: (row) => String(row.rank) },
  { key: "name", title: "Area", text: true },
  { key: "parent", title: "Within", text: true, narrow: true, show: (row) => row.parent_name ?? row.parent ?? "" },
  { key: "mean", title: "Expected", descends: true, show: (row) => count(row.mean) },
  { key: "q10", title: "80% interval", descends: true, show: (row) => range(row.q10, row.q90) },
  { key: "harm", title: "Harm (80%)", descends: true, narrow: true, harm: true, show: (row) => (row.harm ? `${count(row.harm.mean)} (${count(row.harm.low)}–${count(row.harm.high)})` : "") },
  { key: "p_at_least_one", title: "At least one", descends: true, narrow: true, show: (row) => percent(row.p_at_least_one) },
  { key: "risk_score", title: "Risk score", descends: true, show: (row) => times(row.risk_score) },
  { key: "flagged", title: "Flagged", text: true, narrow: true, descends: true, show: (row) => (row.flagged ? "flagged" : "") },
  { key: "band", title: "Band", text: true, narrow: true },
];

export class Ranking {
  constructor(parts, bands, onChoose) {
    Object.assign(this, parts);
    this.bands = bands;
    this.onChoose = onChoose;
    this.sort = { key: "rank", ascending: true };
    this.limit = FIRST_ROWS;
    this.all = [];
    this.columns.append(...COLUMNS.map((column) => this.heading(column)));
    this.find.addEventListener("input", () => this.restart());
    this.parent.addEventListener("change", () => this.restart());
    this.filters.addEventListener("submit", (event) => event.preventDefault());
    this.more.addEventListener("click", () => {
      this.limit += 500;
      this.draw();
    });
  }

  heading(column) {
    const button = element("button", { type: "button" }, column.title);
    button.addEventListener("click", () => this.sortBy(column));
    const classes = [column.text ? "text" : "", column.narrow ? "narrow-hide" : ""].join(" ").trim();
    column.heading = element("th", { scope: "col", class: classes, "aria-sort": "none" }, button);
    return column.heading;
  }

  sortBy(column) {
    const again = this.sort.key === column.key;
    this.sort = { key: column.key, ascending: again ? !this.sort.ascending : !column.descends };
    this.draw();
  }

  restart() {
    this.limit = FIRST_ROWS;
    this.draw();
  }

  // ``larger`` is the answer about districts and the city, ``of`` the row of each of them by its code.
  show(rows, larger, of) {
    this.all = rows;
    this.larger = larger;
    this.of = of;
    this.shownColumns = COLUMNS.filter((column) => !column.harm || rows.some((row) => row.harm));
    for (const column of COLUMNS) column.heading.hidden = !this.shownColumns.includes(column);
    const names = new Map(rows.filter((row) => row.parent).map((row) => [row.parent, row.parent_name ?? row.parent]));
    const parents = [...names.keys()].sort((a, b) => names.get(a).localeCompare(names.get(b), "en-GB", { numeric: true }));
    const before = this.parent.value;
    this.parentLabel.hidden = parents.length < 2;
    this.parent.replaceChildren(element("option", { value: "" }, "the whole city"), ...parents.map((parent) => element("option", { value: parent }, names.get(parent))));
    this.parent.value = parents.includes(before) ? before : "";
    this.draw();
  }

  found() {
    const words = this.find.value.trim().toLocaleLowerCase("en-GB");
    const within = this.parent.value;
    return this.all.filter((row) =>
      (!within || row.parent === within) &&
      (!words || row.name.toLocaleLowerCase("en-GB").includes(words) || row.area.toLocaleLowerCase("en-GB").includes(words)));
  }

  sorted(rows) {
    const { key, ascending } = this.sort;
    const order = this.bands.map((band) => band.band);
    const value = (row) => {
      if (key === "band") return order.indexOf(row.band);
      if (key === "flagged") return row.flagged ? 1 : 0;
      if (key === "harm") return row.harm?.mean ?? -1;
      return (key === "parent" ? row.parent_name : null) ?? row[key] ?? "";
    };
    const compare = (a, b) => (typeof value(a) === "string" ? value(a).localeCompare(value(b), "en-GB", { numeric: true }) : value(a) - value(b));
    return [...rows].sort((a, b) => (ascending ? compare(a, b) : compare(b, a)) || a.rank - b.rank);
  }

  draw() {
    for (const column of COLUMNS) {
      const here = column.key === this.sort.key;
      column.heading.setAttribute("aria-sort", here ? (this.sort.ascending ? "ascending" : "descending") : "none");
    }
    const found = this.found();
    const shown = this.sorted(found).slice(0, this.limit);
    this.rows.replaceChildren(...shown.map((row) => this.row(row)));
    this.shown.textContent = `${shown.length} of ${found.length} areas shown.`;
    const within = this.of?.get(this.parent.value);
    this.within.textContent = within ? sentence(within, this.larger) : "";
    this.within.hidden = !within;
    this.more.hidden = shown.length === found.length;
  }

  row(row) {
    const cells = this.shownColumns.map((column) => {
      const classes = [column.text ? "text" : "", column.narrow ? "narrow-hide" : ""].join(" ").trim();
      return element("td", { class: classes }, this.cell(column, row));
    });
    return element("tr", { "data-area": row.area, "aria-selected": String(row.area === this.chosen) }, ...cells);
  }

  cell(column, row) {
    if (column.key === "name") {
      const button = element("button", { type: "button", class: "link", title: row.area }, row.name);
      button.addEventListener("click", () => this.onChoose(row.area, true));
      return button;
    }
    if (column.key === "band") {
      const label = this.bands.find((band) => band.band === row.band).label;
      return element("span", { class: "bandcell" }, element("span", { class: `swatch band-${row.band}`, "aria-hidden": "true" }), label);
    }
    return column.show(row);
  }

  choose(code) {
    this.chosen = code;
    for (const row of this.rows.children) row.setAttribute("aria-selected", String(row.dataset.area === code));
  }
}
