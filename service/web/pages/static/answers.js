// Asks this service, and turns its problem documents into errors with the remedy.

export class Problem extends Error {
  constructor(document) {
    super(document.detail);
    this.remedy = document.remedy;
  }
}

async function ask(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  const response = await fetch(query ? `${path}?${query}` : path, { headers: { Accept: "application/json" } });
  const document = await response.json();
  if (!response.ok) throw new Problem(document);
  return document;
}

export const summary = () => ask("/v1/summary");
export const boundaries = () => ask("/v1/areas");
export const forecasts = (target, period) => ask("/v1/forecasts", { target, period });
export const levels = (target, period) => ask("/v1/levels", { target, period });
export const areaForecast = (code, target, period) =>
  ask(`/v1/areas/${encodeURIComponent(code)}/forecast`, { target, period });
export const areaHistory = (code, target) => ask(`/v1/areas/${encodeURIComponent(code)}/history`, { target });
