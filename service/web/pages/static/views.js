// What the map can show of an area; the steps of each view come from the service, with the legend.

const VALUES = {
  expected: (row) => row.mean,
  residents: (row) => row.per_1000_residents,
  km2: (row) => row.per_km2,
  harm: (row) => row.harm?.mean ?? null,
  sure: (row) => row.p_highest,
  change: (row) => (row.a_year_before ? row.mean / row.a_year_before - 1 : null),
};

// The view of a legend: its name, and which step of seven an area is in (null where that is not known).
export function viewOf(legend) {
  const list = legend.querySelector("ul");
  const { view } = list.dataset;
  const ends = list.dataset.ends.split(" ").map(Number);
  const value = VALUES[view];
  return {
    name: view,
    diverging: list.classList.contains("diverging"),
    step(row) {
      const known = value(row);
      if (known === null) return null;
      const found = ends.findIndex((end) => known < end);
      return found < 0 ? ends.length : found;
    },
  };
}
