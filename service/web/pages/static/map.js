// The map: polygons on a canvas, no tiles, coloured by risk band from the page's own colours.
import "/static/leaflet/leaflet.js";
import { count, element, times } from "/static/words.js";

const { L } = window;

export class RiskMap {
  constructor(container, onChoose) {
    this.layers = new Map();
    this.rows = new Map();
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
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    new ResizeObserver(() => this.map.invalidateSize()).observe(container);
  }

  draw(collection) {
    this.all = L.geoJSON(collection, {
      onEachFeature: (feature, layer) => {
        const { code } = feature.properties;
        this.layers.set(code, layer);
        layer.on("click", () => this.onChoose(code));
        layer.bindTooltip(() => this.tooltip(code), { sticky: true, direction: "top", offset: [0, -6] });
      },
    }).addTo(this.map);
    this.map.fitBounds(this.all.getBounds(), { padding: [8, 8] });
    this.map.setMaxBounds(this.all.getBounds().pad(0.6));
  }

  show(rows) {
    this.rows = new Map(rows.map((row) => [row.area, row]));
    this.recolour();
  }

  recolour() {
    const style = getComputedStyle(document.documentElement);
    this.colours = {
      band: (band) => style.getPropertyValue(`--band-${band}`).trim(),
      outline: style.getPropertyValue("--outline").trim(),
      chosen: style.getPropertyValue("--chosen").trim(),
    };
    for (const code of this.layers.keys()) this.style(code);
    if (this.chosen) this.layers.get(this.chosen)?.bringToFront();
  }

  style(code) {
    const row = this.rows.get(code);
    const chosen = code === this.chosen;
    this.layers.get(code).setStyle({
      fillColor: row ? this.colours.band(row.band) : "transparent",
      fillOpacity: row ? 1 : 0,
      color: chosen ? this.colours.chosen : this.colours.outline,
      weight: chosen ? 3 : 0.6,
    });
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

  // How many areas carry a colour of a band, for those who check the page from outside.
  coloured() {
    return [...this.layers.values()].filter((layer) => layer.options.fillOpacity === 1).length;
  }

  tooltip(code) {
    const row = this.rows.get(code);
    if (!row) return element("span", {}, code);
    const score = `${count(row.mean)} expected, ${times(row.risk_score)} the mean area, rank ${row.rank}`;
    return element("span", {}, element("strong", {}, row.name), element("br"), score);
  }
}
