// Districts over the areas of a map: their outlines from the areas' shared edges, and the names that have room.
import { element } from "./words.js";

const LEAST_SHARED = 0.5;
const PLACES = 6;

const written = ([lon, lat]) => `${lon.toFixed(PLACES)},${lat.toFixed(PLACES)}`;

function* edgesOf(geometry) {
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
  for (const ring of polygons.flat()) {
    for (let at = 1; at < ring.length; at += 1) yield [ring[at - 1], ring[at]];
  }
}

// Segments on which two districts, or a district and the outside, meet: [[latitude, longitude], …] of two points each.
// Boundaries that do not share their edges have none: every area would be outlined.
export function districtSegments(features) {
  const seen = new Map();
  for (const { geometry, properties } of features) {
    for (const [from, to] of edgesOf(geometry)) {
      const key = [written(from), written(to)].sort().join(" ");
      const known = seen.get(key);
      if (known) known.parents.push(properties.parent);
      else seen.set(key, { parents: [properties.parent], ends: [[from[1], from[0]], [to[1], to[0]]] });
    }
  }
  const edges = [...seen.values()];
  if (edges.filter((edge) => edge.parents.length > 1).length < LEAST_SHARED * edges.length) return [];
  return edges.filter(({ parents }) => parents.length === 1 || parents[0] !== parents[1]).map((edge) => edge.ends);
}

// Districts with their names and middles, the largest first, from the rows of areas and where each area lies.
export function districtsOf(rows, boundsOf) {
  const districts = new Map();
  for (const row of rows) {
    const bounds = row.parent && boundsOf(row.area);
    if (!bounds) continue;
    const known = districts.get(row.parent);
    if (known) known.bounds.extend(bounds);
    else districts.set(row.parent, { name: row.parent_name ?? row.parent, bounds: bounds.pad(0) });
  }
  const size = ({ bounds }) => (bounds.getEast() - bounds.getWest()) * (bounds.getNorth() - bounds.getSouth());
  return [...districts.values()].sort((a, b) => size(b) - size(a));
}

// Writes the names that do not touch one that is written already, and takes away those of before.
export function writeNames(map, layer, districts) {
  layer.clearLayers();
  const taken = [];
  for (const { name, bounds } of districts) {
    const middle = bounds.getCenter();
    const point = map.latLngToContainerPoint(middle);
    const [wide, high] = [name.length * 3.6 + 6, 9];
    const box = [point.x - wide, point.y - high, point.x + wide, point.y + high];
    const { x, y } = map.getSize();
    const fits = box[0] >= 0 && box[1] >= 0 && box[2] <= x && box[3] <= y;
    const touches = taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
    if (!fits || touches) continue;
    taken.push(box);
    layer.addLayer(window.L.tooltip({ permanent: true, direction: "center", className: "district-name", interactive: false })
      .setLatLng(middle).setContent(element("span", {}, name)));
  }
}
