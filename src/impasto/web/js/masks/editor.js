/** Marks regions on the picture: brush, rectangle, eraser; the rectangle also by the keyboard. */

import { ARROWS, byId, clamp, press, showFilled } from "../dom.js";
import { activeLayer, listen, state, updateLayer } from "../store.js";

const TOOLS = ["brush", "rectangle", "eraser"];
const STEP = 0.04;
const TINT = "#e0452c";

let tool = "brush";
/** The rectangle of the keyboard, 0 to 1: left, top, width, height. Null for a pointer. */
let box = null;
let drag = null;

/** Let the viewer be drawn on while a region is active. */
export function startMasks() {
  for (const name of TOOLS) byId(`tool-${name}`).onclick = () => pick(name);
  byId("mask-clear").onclick = clear;
  byId("brush-size").oninput = ({ target }) => showFilled(target);
  showFilled(byId("brush-size"));
  const viewer = byId("viewer");
  viewer.addEventListener("pointerdown", begin);
  viewer.addEventListener("pointermove", extend);
  viewer.addEventListener("pointerup", end);
  viewer.addEventListener("pointercancel", end);
  viewer.addEventListener("keydown", moveBox);
  listen((changed) => ["layers", "active", "photo"].some((key) => changed.has(key)) && show());
}

/** Whether pointers mark a region now, and do not move the picture. */
export const isMasking = () => Boolean(state.photo && activeLayer().mask);

function pick(name) {
  tool = name;
  box = null;
  for (const one of TOOLS) press(byId(`tool-${one}`), one === name);
  show();
}

function clear() {
  const { mask } = activeLayer();
  mask.getContext("2d").clearRect(0, 0, mask.width, mask.height);
  updateLayer({ isEmpty: true });
}

function begin(event) {
  if (!isMasking() || event.button || event.target.id === "split") return;
  byId("viewer").setPointerCapture(event.pointerId);
  box = null;
  const start = placeOf(event);
  byId("viewer").classList.add("is-drawing");
  drag = { start, last: start, pointer: event.pointerId };
  extend(event);
}

function extend(event) {
  if (drag?.pointer !== event.pointerId) return;
  const place = placeOf(event);
  if (tool === "rectangle") showBox(boxOf(drag.start, place));
  else stroke(drag.last, place);
  drag.last = place;
}

function end(event) {
  if (drag?.pointer !== event.pointerId) return;
  if (tool === "rectangle") fill(boxOf(drag.start, drag.last));
  drag = null;
  byId("viewer").classList.remove("is-drawing");
  commit();
}

function commit() {
  updateLayer({ isEmpty: isBlank(activeLayer().mask) });
}

function placeOf({ clientX, clientY }) {
  const { left, top, width, height } = byId("frame").getBoundingClientRect();
  return [clamp((clientX - left) / width, 0, 1), clamp((clientY - top) / height, 0, 1)];
}

function stroke([fromX, fromY], [toX, toY]) {
  const { mask } = activeLayer();
  const { width, height } = mask;
  const pen = mask.getContext("2d");
  pen.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
  pen.strokeStyle = "#fff";
  pen.lineCap = "round";
  pen.lineWidth = (byId("brush-size").value / 100) * Math.max(width, height);
  pen.beginPath();
  pen.moveTo(fromX * width, fromY * height);
  pen.lineTo(toX * width + 0.01, toY * height);
  pen.stroke();
  pen.globalCompositeOperation = "source-over";
  show();
}

function fill([left, top, across, down]) {
  const { mask } = activeLayer();
  const pen = mask.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(left * mask.width, top * mask.height, across * mask.width, down * mask.height);
}

function boxOf([x, y], [toX, toY]) {
  return [Math.min(x, toX), Math.min(y, toY), Math.abs(toX - x), Math.abs(toY - y)];
}

/**
 * Arrow keys move the rectangle, with Shift they change its size, Enter fills it. Keys of a control
 * that is in the viewer stay with it.
 */
function moveBox(event) {
  if (!isMasking() || event.target !== event.currentTarget) return;
  if (!(event.key in ARROWS) && event.key !== "Enter") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (tool === "brush") pick("rectangle");
  const [left, top, width, height] = box ?? [0.3, 0.3, 0.4, 0.4];
  if (event.key === "Enter") {
    if (tool === "eraser") erase([left, top, width, height]);
    else fill([left, top, width, height]);
    commit();
    return;
  }
  const [across, down] = ARROWS[event.key].map((move) => move * STEP);
  box = event.shiftKey
    ? [left, top, clamp(width + across, STEP, 1 - left), clamp(height + down, STEP, 1 - top)]
    : [clamp(left + across, 0, 1 - width), clamp(top + down, 0, 1 - height), width, height];
  show();
}

function erase([left, top, across, down]) {
  const { mask } = activeLayer();
  const [x, y] = [left * mask.width, top * mask.height];
  mask.getContext("2d").clearRect(x, y, across * mask.width, down * mask.height);
}

function show() {
  const isOn = isMasking();
  byId("mask-tools").hidden = !isOn;
  byId("mask").hidden = !isOn;
  byId("viewer").classList.toggle("is-masking", isOn);
  if (isOn) showBox(box);
}

/** Draw the marks of the active region in one colour, and a rectangle that is not filled yet. */
function showBox(shown) {
  const { mask } = activeLayer();
  const view = byId("mask");
  view.width = mask.width;
  view.height = mask.height;
  const pen = view.getContext("2d");
  pen.drawImage(mask, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = TINT;
  pen.fillRect(0, 0, view.width, view.height);
  pen.globalCompositeOperation = "source-over";
  if (!shown) return;
  const [left, top, across, down] = shown;
  const place = [left * view.width, top * view.height, across * view.width, down * view.height];
  pen.lineWidth = Math.max(3, view.width / 250);
  pen.strokeStyle = "#fff";
  pen.strokeRect(...place);
  pen.setLineDash([pen.lineWidth * 3, pen.lineWidth * 3]);
  pen.strokeStyle = "#000";
  pen.strokeRect(...place);
}

function isBlank(mask) {
  const { data } = mask.getContext("2d").getImageData(0, 0, mask.width, mask.height);
  for (let at = 3; at < data.length; at += 4) if (data[at]) return false;
  return true;
}
