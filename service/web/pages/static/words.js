// How numbers and periods are written on the page.

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

export function periodWords(period) {
  const month = /^(\d{4})-(\d{2})$/.exec(period);
  if (month) return `${MONTHS[Number(month[2]) - 1]} ${month[1]}`;
  const week = /^(\d{4})-W(\d{2})$/.exec(period);
  return week ? `Week ${Number(week[2])} of ${week[1]}` : period.replace("T", " from ");
}

export function shortPeriod(period) {
  const month = /^(\d{4})-(\d{2})$/.exec(period);
  return month ? `${MONTHS[Number(month[2]) - 1].slice(0, 3)} ${month[1].slice(2)}` : period;
}

export const count = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en-GB"));

export const times = (score) => `${score.toFixed(score < 10 ? 1 : 0)}×`;

export function percent(share) {
  if (share > 0.995) return "over 99%";
  if (share < 0.005) return "under 1%";
  return `${Math.round(share * 100)}%`;
}

const whole = (value) => value.toLocaleString("en-GB");
export const range = (low, high) => (low === high ? `exactly ${whole(low)}` : `${whole(low)} to ${whole(high)}`);

// How sure a rank is; nothing where the forecast was issued without that.
export const rankRange = (row) => (row.rank_low === row.rank_high ? String(row.rank) : `${row.rank_low}–${row.rank_high}`);
export const rankWords = (row) =>
  (row.rank_low === null ? `rank ${row.rank}` : `rank ${row.rank}, with 80% probability ${row.rank_low} to ${row.rank_high}`);

// An element with attributes and children; text is never read as HTML.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}
