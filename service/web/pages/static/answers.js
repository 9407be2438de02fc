// Asks this service, and turns its problem documents into errors with the remedy.

class Problem extends Error {
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

export const boundaries = (address) => ask(address);
export const forecasts = (target, period) => ask("/v1/forecasts", { target, period });
export const areaForecast = (code, target, period) =>
  ask(`/v1/areas/${encodeURIComponent(code)}/forecast`, { target, period });
export const areaHistory = (code, target) => ask(`/v1/areas/${encodeURIComponent(code)}/history`, { target });

// The page itself, as the service writes it for another address.
export async function page(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  const made = new DOMParser().parseFromString(await response.text(), "text/html");
  if (response.ok) return made;
  const words = [...made.querySelectorAll("#problem p")].map((one) => one.textContent);
  throw new Problem({ detail: words[0], remedy: words[1] });
}
