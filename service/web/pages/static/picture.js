// What is seen of the map as a picture: the canvas as it is zoomed, with the sentence above and the legend below.
const MARGIN = 16;
const LINE = 18;

function wrapped(words, pen, width) {
  const lines = [""];
  for (const word of words.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (lines.at(-1) && pen.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function wordsOf(step) {
  const areas = step.querySelector("small").textContent.trim();
  return `${step.textContent.replace(areas, "").trim()} (${areas})`;
}

// Draws onto a canvas of its own; resolves to a PNG.
export function picture({ map, headline, legend, note }) {
  const seen = map.querySelector("canvas");
  const box = map.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(document.body);
  const font = (size, weight = "") => `${weight} ${size}px ${style.fontFamily}`.trim();
  pen.font = font(15, "bold");
  const title = wrapped(headline, pen, box.width - 2 * MARGIN);
  const steps = [...legend.querySelectorAll("li")];
  const head = title.length * LINE + 2 * MARGIN;
  canvas.width = box.width;
  canvas.height = head + box.height + (steps.length + 2) * LINE + 2 * MARGIN;
  pen.fillStyle = style.backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = style.color;
  pen.font = font(15, "bold");
  title.forEach((line, at) => pen.fillText(line, MARGIN, MARGIN + LINE * (at + 0.8)));
  const place = seen.getBoundingClientRect();
  pen.save();
  pen.beginPath();
  pen.rect(0, head, box.width, box.height);
  pen.clip();
  pen.drawImage(seen, place.left - box.left, head + place.top - box.top, place.width, place.height);
  pen.restore();
  pen.font = font(13);
  let at = head + box.height + MARGIN;
  pen.fillText(legend.querySelector("p").textContent, MARGIN, at + 13);
  for (const step of steps) {
    at += LINE;
    pen.fillStyle = getComputedStyle(step.querySelector(".swatch")).backgroundColor;
    pen.fillRect(MARGIN, at + 2, 20, 12);
    pen.strokeStyle = style.color;
    pen.strokeRect(MARGIN, at + 2, 20, 12);
    pen.fillStyle = style.color;
    pen.fillText(wordsOf(step), MARGIN + 28, at + 13);
  }
  pen.fillText(note, MARGIN, at + LINE + 13);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
