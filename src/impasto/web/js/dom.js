/** Small helpers for the page's elements. */

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/** A new element with properties and children; `aria`, `data` and `class` go where they belong. */
export function make(
  tag,
  { aria = {}, data = {}, class: names = "", ...properties } = {},
  ...children
) {
  const element = Object.assign(document.createElement(tag), properties);
  if (names) element.className = names;
  Object.assign(element.dataset, data);
  for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An icon of icons.svg; what it means is told by the element around it. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS(svg.namespaceURI, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Show a slider's place on its track. */
export function showFilled(slider) {
  const { min, max, value } = slider;
  slider.style.setProperty("--filled", `${(100 * (value - min)) / (max - min)}%`);
}

/** Whether a toggle is on, for eyes and screen readers alike. */
export function press(button, isOn) {
  button.setAttribute("aria-pressed", String(isOn));
}

/** Where each arrow key points: across and down. */
export const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Show a picture on a canvas, which takes its size. */
export function draw(canvas, picture) {
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    [canvas.width, canvas.height] = [picture.width, picture.height];
  }
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0);
}

/** Keep a number within bounds. */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Read and write what the browser remembers; without storage nothing is remembered. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem(`impasto.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(`impasto.${key}`);
      else localStorage.setItem(`impasto.${key}`, value);
    } catch {
      // Storage is switched off.
    }
  },
};
