// The page of one area: its reasons, its chart and the fan of its forecast; the rest is written by the service.
import { areaCard } from "./area.js";

const card = document.getElementById("area");
const chosen = (name) => document.getElementById(name).value;

for (const name of ["target", "period"]) {
  document.getElementById(name).addEventListener("change", (event) => event.target.form.submit());
}
card.hidden = false;
const width = card.clientWidth - 2 * parseFloat(getComputedStyle(card).paddingLeft);
card.replaceChildren(...await areaCard(card.dataset.area, chosen("target"), chosen("period"), Number(card.dataset.areas), width));
