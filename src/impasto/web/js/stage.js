/** The picture on the page: before and after, enlarged and moved. */

import { ARROWS, byId, clamp, draw, press } from "./dom.js";
import { isMasking } from "./masks/editor.js";
import { listen, state } from "./store.js";

const MOST = 8;
const STEP = 1.25;
const EDGE = 20;

/** How the picture lies: its size where it fits, how much it is enlarged, and where it starts. */
const view = { width: 1, height: 1, zoom: 1, left: 0, top: 0 };
const pointers = new Map();

/** Show photos as they come, and listen to pointers, wheel and keys. */
export function startStage() {
  const viewer = byId("viewer");
  listen((changed) => {
    if (changed.has("photo")) showPhoto();
    else if (changed.has("active")) fit(); // the tools of a region come or go
  });
  new ResizeObserver(fit).observe(byId("stage"));
  viewer.addEventListener("wheel", wheel, { passive: false });
  viewer.addEventListener("pointerdown", grab);
  viewer.addEventListener("pointermove", drag);
  for (const kind of ["pointerup", "pointercancel"]) viewer.addEventListener(kind, release);
  viewer.addEventListener("dblclick", ({ clientX, clientY }) => {
    if (!isMasking()) zoomTo(view.zoom > 1 ? 1 : 2.5, local(clientX, clientY));
  });
  viewer.addEventListener("keydown", key);
  byId("zoom-in").onclick = () => zoomTo(view.zoom * STEP);
  byId("zoom-out").onclick = () => zoomTo(view.zoom / STEP);
  byId("zoom-fit").onclick = () => zoomTo(1);
  byId("compare").onclick = () => compare(byId("split").hidden);
  byId("split").oninput = showSplit;
  byId("stage").classList.add("is-empty");
}

/** Draw a painting: a canvas or bitmap of the photo's proportions. */
export function showPainting(painting) {
  draw(byId("after"), painting);
}

function showPhoto() {
  const { full } = state.photo;
  const hadFocus = byId("empty").contains(document.activeElement);
  byId("stage").classList.remove("is-empty");
  byId("empty").hidden = true;
  for (const id of ["viewer", "tools"]) byId(id).hidden = false;
  for (const id of ["before", "after"]) draw(byId(id), full);
  view.zoom = 1;
  fit();
  if (hadFocus) byId("viewer").focus({ preventScroll: true }); // its button is gone
}

/** Measure the stage, and lay the picture into it. */
function fit() {
  if (!state.photo) return;
  const { width, height } = room();
  const scale = Math.min(width / state.photo.width, height / state.photo.height, 2);
  view.width = state.photo.width * scale;
  view.height = state.photo.height * scale;
  lay();
}

/** The stage without its edge and the tools that are shown: no part of a picture is below them. */
function room() {
  const [marking, tools] = ["mask-tools", "tools"].map(byId);
  const above = marking.offsetTop + marking.offsetHeight; // 0 while it is hidden
  const space = tools.offsetTop - above;
  return { width: byId("stage").clientWidth - 2 * EDGE, height: space - 2 * EDGE, above, space };
}

function lay() {
  const { above, space } = room();
  const [width, height] = [view.width * view.zoom, view.height * view.zoom];
  view.left = held(view.left, width, byId("stage").clientWidth);
  view.top = above + held(view.top - above, height, space);
  const { style } = byId("frame");
  style.width = `${width}px`;
  style.height = `${height}px`;
  style.transform = `translate(${view.left}px, ${view.top}px)`;
  byId("zoom-value").textContent = `${Math.round(100 * view.zoom)}%`;
}

/** Centred where there is room, and else moved no further than the picture's edge. */
function held(start, size, space) {
  return size <= space - EDGE ? (space - size) / 2 : clamp(start, space - EDGE - size, EDGE);
}

/** Change the size; the place under `at` stays where it is. */
function zoomTo(zoom, at = local(...middle())) {
  const next = clamp(zoom, 1, MOST);
  const ratio = next / view.zoom;
  view.left = at[0] - (at[0] - view.left) * ratio;
  view.top = at[1] - (at[1] - view.top) * ratio;
  view.zoom = next;
  lay();
}

function moveBy(across, down) {
  view.left += across;
  view.top += down;
  lay();
}

function wheel(event) {
  event.preventDefault();
  zoomTo(view.zoom * Math.exp(-event.deltaY / 400), local(event.clientX, event.clientY));
}

function grab(event) {
  if (isMasking() || event.target.id === "split") return;
  byId("viewer").setPointerCapture(event.pointerId);
  byId("viewer").classList.add("is-panning");
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
}

/** One pointer moves the picture, two enlarge it. */
function drag(event) {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY];
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  pointers.set(event.pointerId, now);
  if (!other) {
    moveBy(now[0] - before[0], now[1] - before[1]);
    return;
  }
  const spread = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
  const center = local((now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  zoomTo(view.zoom * (spread(now) / Math.max(spread(before), 1)), center);
}

function release(event) {
  pointers.delete(event.pointerId);
  if (!pointers.size) byId("viewer").classList.remove("is-panning");
}

function key(event) {
  if (event.target !== event.currentTarget) return; // a control's own
  const keys = { "+": STEP, "=": STEP, "-": 1 / STEP };
  if (event.key in keys) zoomTo(view.zoom * keys[event.key]);
  else if (event.key === "0") zoomTo(1);
  else if (event.key in ARROWS) moveBy(...ARROWS[event.key].map((move) => -60 * move));
  else return;
  event.preventDefault();
}

function compare(isOn) {
  press(byId("compare"), isOn);
  byId("split").hidden = !isOn;
  document.querySelectorAll(".split-tag").forEach((tag) => (tag.hidden = !isOn));
  showSplit();
}

function showSplit() {
  const split = byId("split");
  byId("after").style.clipPath = split.hidden ? "" : `inset(0 0 0 ${split.value}%)`;
}

function middle() {
  const { left, top, width, height } = byId("viewer").getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

function local(x, y) {
  const { left, top } = byId("viewer").getBoundingClientRect();
  return [x - left, y - top];
}
