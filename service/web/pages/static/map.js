// The map: polygons on a canvas, no tiles, coloured by the steps of a view from the page's own colours.
import "./leaflet/leaflet.js";
import { districtSegments, districtsOf, writeNames } from "./districts.js";
import { count, element, rankWords } from "./words.js";

const { L } = window;
const STEPS = [0, 1, 2, 3, 4, 5, 6];

export class AreaMap {
  constructor(container, onChoose) {
    this.layers = new Map();
    this.rows = new Map();
    this.names = new Map();
    this.districts = [];
    this.chosen = null;
    this.onChoose = onChoose;
    this.map = L.map(container, {
      preferCanvas: true,
      renderer: L.canvas({ padding: 0.3, tolerance: 2 }),
      attributionControl: false,
      zoomSnap: 0.25,
      minZoom: 3,
      scrollWheelZoom: false,
    });
    // The wheel scrolls the page until the map is in use.
    this.map.on("focus", () => this.map.scrollWheelZoom.enable());
    this.map.on("blur", () => this.map.scrollWheelZoom.disable());
    this.map.on("zoomend moveend resize", () => writeNames(this.map, this.written, this.districts));
    this.written = L.layerGroup().addTo(this.map);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    new ResizeObserver(() => this.map.invalidateSize()).observe(container);
  }

  draw(collection) {
    this.all = L.geoJSON(collection, {
      onEachFeature: (feature, layer) => {
        const { code, name } = feature.properties;
        this.names.set(code, name);
        this.layers.set(code, layer);
        layer.on("click", () => this.onChoose(code));
        layer.bindTooltip(() => this.tooltip(code), { sticky: true, direction: "top", offset: [0, -6] });
      },
    }).addTo(this.map);
    // In a group: a single path would make the renderer wait for the view behind the areas, which need it.
    this.outlines = L.polyline(districtSegments(collection.features), { interactive: false, weight: 1.4 });
    L.layerGroup([this.outlines]).addTo(this.map);
    this.map.setMaxBounds(this.all.getBounds().pad(0.6));
  }

  // Shows a view of the rows; what lies outside of the district ``within`` is dimmed, and the map goes there.
  show(rows, view, within, covered) {
    this.rows = new Map(rows.map((row) => [row.area, row]));
    this.view = view;
    this.covered = covered;
    this.districts = districtsOf(rows, (code) => this.layers.get(code)?.getBounds());
    if (this.within !== within) this.goTo(within);
    writeNames(this.map, this.written, this.districts);
    this.recolour();
  }

  goTo(within) {
    this.within = within;
    const inside = [...this.layers].filter(([code]) => within && this.rows.get(code)?.parent === within);
    const bounds = inside.length ? L.featureGroup(inside.map(([, layer]) => layer)).getBounds() : this.all.getBounds();
    this.map.fitBounds(bounds, { padding: [8, 8], animate: false });
  }

  // The first areas of the order in which areas are flagged carry a heavy outline.
  cover(number) {
    const before = this.covered;
    this.covered = number;
    for (const [code, row] of this.rows) {
      if (row.place > Math.min(before, number) && row.place <= Math.max(before, number)) this.style(code);
    }
  }

  recolour() {
    const style = getComputedStyle(document.documentElement);
    const scale = this.view.diverging ? "change" : "step";
    const colour = (name) => style.getPropertyValue(name).trim();
    this.colours = {
      steps: STEPS.map((step) => colour(`--${scale}-${step}`)),
      none: colour("--step-none"),
      outline: colour("--outline"),
      covered: colour("--covered"),
      chosen: colour("--chosen"),
    };
    for (const code of this.layers.keys()) this.style(code);
    this.outlines.setStyle({ color: colour("--district") });
    this.outlines.bringToFront();
    for (const [code, layer] of this.layers) if (this.isCovered(this.rows.get(code))) layer.bringToFront();
    if (this.chosen) this.layers.get(this.chosen)?.bringToFront();
  }

  // A forecast that was issued without places has its flags alone.
  isCovered(row) {
    return Boolean(row && (row.place === null ? row.flagged : row.place <= this.covered));
  }

  style(code) {
    const row = this.rows.get(code);
    const step = row && this.view.step(row);
    const chosen = code === this.chosen;
    const covered = this.isCovered(row);
    const outside = this.within && row?.parent !== this.within;
    this.layers.get(code).setStyle({
      fillColor: step === null || step === undefined ? this.colours.none : this.colours.steps[step],
      fillOpacity: row ? (outside ? 0.25 : 1) : 0,
      color: chosen ? this.colours.chosen : covered ? this.colours.covered : this.colours.outline,
      weight: chosen ? 3.5 : covered ? 1.8 : 0.5,
    });
    if (covered) this.layers.get(code).bringToFront();
  }

  choose(code) {
    const before = this.chosen;
    this.chosen = code;
    if (before && this.layers.has(before)) this.style(before);
    const layer = this.layers.get(code);
    if (!layer) return;
    this.style(code);
    layer.bringToFront();
    if (!this.map.getBounds().contains(layer.getBounds().getCenter())) this.map.panTo(layer.getBounds().getCenter());
  }

  // How many areas carry a colour of a step, for those who check the page from outside.
  coloured() {
    return [...this.layers.values()].filter((layer) => layer.options.fillOpacity > 0).length;
  }

  tooltip(code) {
    const row = this.rows.get(code);
    if (!row) return element("span", {}, element("strong", {}, this.names.get(code) ?? code), element("br"), "no counts, no forecast");
    return element("span", {}, element("strong", {}, row.name), element("br"), `${count(row.mean)} expected, ${rankWords(row)}`);
  }
}
