// Every area: a sortable table that holds all that the map shows.
import { count, element, percent, range, rankRange, times } from "./words.js";

const FIRST_ROWS = 100;
const COLUMNS = [
  { key: "rank", title: "Rank", show: (row) => String(row.rank) },
  { key: "name", title: "Area", text: true },
  { key: "parent", title: "Within", text: true, narrow: true, show: (row) => row.parent_name ?? row.parent ?? "" },
  { key: "mean", title: "Expected", descends: true, show: (row) => count(row.mean) },
  { key: "q10", title: "80% interval", descends: true, show: (row) => range(row.q10, row.q90) },
  { key: "rank_low", title: "Rank, 80%", narrow: true, known: true, show: (row) => rankRange(row) },
  { key: "p_highest", title: "Among the highest", descends: true, narrow: true, known: true, show: (row) => percent(row.p_highest) },
  { key: "harm", title: "Harm (80%)", descends: true, narrow: true, known: true, show: (row) => (row.harm ? `${count(row.harm.mean)} (${count(row.harm.low)}–${count(row.harm.high)})` : "") },
  { key: "risk_score", title: "Risk score", descends: true, narrow: true, show: (row) => times(row.risk_score) },
  { key: "flagged", title: "Flagged", text: true, narrow: true, descends: true, known: true, show: (row) => (row.flagged ? "flagged" : "") },
];

export class Ranking {
  constructor(parts, onChoose) {
    Object.assign(this, parts);
    this.onChoose = onChoose;
    this.sort = { key: "rank", ascending: true };
    this.limit = FIRST_ROWS;
    this.columns.append(...COLUMNS.map((column) => this.heading(column)));
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

  show(rows) {
    this.all = rows;
    this.limit = FIRST_ROWS;
    this.shownColumns = COLUMNS.filter((column) => !column.known || rows.some((row) => row[column.key] !== null));
    for (const column of COLUMNS) column.heading.hidden = !this.shownColumns.includes(column);
    this.draw();
  }

  sorted() {
    const { key, ascending } = this.sort;
    const value = (row) => {
      if (key === "flagged") return row.flagged ? 1 : 0;
      if (key === "harm") return row.harm?.mean ?? -1;
      return (key === "parent" ? row.parent_name : null) ?? row[key] ?? "";
    };
    const compare = (a, b) => (typeof value(a) === "string" ? value(a).localeCompare(value(b), "en-GB", { numeric: true }) : value(a) - value(b));
    return [...this.all].sort((a, b) => (ascending ? compare(a, b) : compare(b, a)) || a.rank - b.rank);
  }

  draw() {
    for (const column of COLUMNS) {
      const here = column.key === this.sort.key;
      column.heading.setAttribute("aria-sort", here ? (this.sort.ascending ? "ascending" : "descending") : "none");
    }
    const shown = this.sorted().slice(0, this.limit);
    this.rows.replaceChildren(...shown.map((row) => this.row(row)));
    this.shown.textContent = `${shown.length} of ${this.all.length} areas shown.`;
    this.more.hidden = shown.length === this.all.length;
  }

  row(row) {
    const cells = this.shownColumns.map((column) => {
      const classes = [column.text ? "text" : "", column.narrow ? "narrow-hide" : ""].join(" ").trim();
      return element("td", { class: classes }, this.cell(column, row));
    });
    return element("tr", { "data-area": row.area, "aria-selected": String(row.area === this.chosen) }, ...cells);
  }

  cell(column, row) {
    if (column.key !== "name") return column.show(row);
    const button = element("button", { type: "button", class: "link", title: row.area }, row.name);
    button.addEventListener("click", () => this.onChoose(row.area));
    return button;
  }

  choose(code) {
    this.chosen = code;
    for (const row of this.rows.children) row.setAttribute("aria-selected", String(row.dataset.area === code));
  }
}
