/** The pad on which styles are mixed: a point between their corners. */

import { ARROWS, byId, make } from "./dom.js";
import { onLanguage } from "./i18n.js";
import { cornersOf, within } from "./mix.js";
import { activeLayer, listen, partsOf, state, titleOf, updateLayer } from "./store.js";

const STEP = 0.05;

/** Show the pad while a mix is chosen. */
export function startPad() {
  const [field, point] = [byId("pad-field"), byId("pad-point")];
  field.onpointerdown = (event) => {
    field.setPointerCapture(event.pointerId);
    follow(event);
    event.preventDefault();
    point.focus({ preventScroll: true });
  };
  field.onpointermove = (event) => field.hasPointerCapture(event.pointerId) && follow(event);
  point.onkeydown = (event) => {
    if (!(event.key in ARROWS)) return;
    event.preventDefault();
    const [x, y] = activeLayer().point;
    const [across, down] = ARROWS[event.key];
    moveTo([x + STEP * across, y + STEP * down]);
  };
  listen((changed) => ["layers", "active", "styles"].some((key) => changed.has(key)) && show());
  onLanguage(show);
}

function follow({ clientX, clientY }) {
  const { left, top, width, height } = byId("pad-field").getBoundingClientRect();
  moveTo([(clientX - left) / width, (clientY - top) / height]);
}

function moveTo(point) {
  updateLayer({ point: within(point, activeLayer().styles.length) });
}

function show() {
  const { styles, point } = activeLayer();
  const pad = byId("pad");
  pad.hidden = styles.length < 2;
  if (pad.hidden) return;
  const field = byId("pad-field");
  field.classList.toggle("is-line", styles.length === 2);
  if (field.dataset.styles !== styles.join()) showCorners(field, styles);
  place(byId("pad-point"), within(point, styles.length));
  describe(byId("pad-point"), point);
}

function showCorners(field, styles) {
  field.dataset.styles = styles.join();
  const corners = cornersOf(styles.length);
  field.querySelectorAll(".pad-corner").forEach((old) => old.remove());
  styles.forEach((name, index) => {
    const { preview } = state.styles.find((style) => style.name === name) ?? {};
    const picture = make("img", { class: "pad-corner", alt: "", src: preview ?? "" });
    place(picture, corners[index]);
    field.insertBefore(picture, byId("pad-point"));
  });
  const order = styles.length === 4 ? [0, 1, 3, 2] : styles.map((_, index) => index);
  const points = order.map((index) => corners[index].map((part) => 100 * part).join()).join(" ");
  const shape = document.createElementNS(
    "http://www.w3.org/2000/svg",
    styles.length === 2 ? "polyline" : "polygon",
  );
  shape.setAttribute("points", points);
  byId("pad-shape").replaceChildren(shape);
}

function place(element, [x, y]) {
  element.style.left = `${100 * x}%`;
  element.style.top = `${100 * y}%`;
}

function describe(handle, [x]) {
  const parts = partsOf(activeLayer());
  const words = parts.map(([name, share]) => `${titleOf(name)} ${Math.round(100 * share)}%`);
  handle.setAttribute("aria-valuenow", String(Math.round(100 * x)));
  handle.setAttribute("aria-valuetext", words.join(", "));
}
