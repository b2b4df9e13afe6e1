/**
 * Keeps the painting up to date: a small one at once, the full one when the settings rest.
 *
 * The newest settings win. A small painting that is under way is shown when it is done, so that
 * a slider that moves always answers; those that waited behind it are dropped but for the last.
 * A full painting that is under way is aborted as soon as anything changes.
 *
 * Small paintings in other strokes are made ahead: in the next finer and broader one when
 * everything rests, in all when somebody turns to their slider.
 */

import { byId } from "./dom.js";
import { finished } from "./finish.js";
import { t } from "./i18n.js";
import { showPainting } from "./stage.js";
import { complain, setBusy, tell } from "./status.js";
import { listen, partsOf, PHOTO, REFERENCES, state } from "./store.js";

const REST = 200;
const SLOW = 120;

let engine = null;
let sizeIndex = 0;
let slowRuns = 0;
let isPreviewing = false;
let isStale = false;
let full = { abort: new AbortController(), timer: 0, done: null };
/** Counts what is shown: what takes longer to finish than the next is not shown any more. */
let turns = 0;
/** The small paintings of the layers as they are, by their stroke; promises. */
let smalls = new Map();
let ahead = new AbortController();
/** What is painted, at full strength: the small one and the full one, null where there is none. */
const painted = { small: null, full: null };

/** Paint with an engine whatever the state asks for. */
export function startPainting(chosen) {
  engine = chosen;
  listen((changed) => {
    if (changed.has("photo")) forget();
    if (changed.has("photo") || changed.has("layers")) forgetStrokes();
    if (["photo", "layers", "stroke"].some((key) => changed.has(key))) repaint();
    else if (changed.has("colour") || changed.has("strength")) refinish();
  });
  const everyStroke = () => painted.small && paintAhead(REFERENCES.length);
  for (const kind of ["pointerenter", "focus"]) byId("stroke").addEventListener(kind, everyStroke);
}

/** The request that paints what the state says. */
export function requestOf({ isFull, size = null, stroke = state.stroke }) {
  const reference = REFERENCES[stroke];
  const layers = state.layers
    .filter((layer, index) => index === 0 || !layer.isEmpty)
    .map((layer) => ({ parts: partsOf(layer), mask: layer.mask }));
  return {
    layers,
    strength: state.strength,
    reference: isFull ? reference : Math.min(reference, engine.previewDetail * size),
    size,
  };
}

/** The full painting in the chosen colours and strength, as soon as it is there. */
export async function fullPainting() {
  if (state.strength === 0) return state.photo.full;
  if (!painted.full) {
    startFull();
    await full.done;
  }
  if (!painted.full) throw new Error(byId("status").textContent);
  return asChosen(painted.full.bitmap);
}

function forget() {
  painted.small = null;
  sizeIndex = Math.min(1, engine.previewSizes.length - 1);
}

function forgetStrokes() {
  ahead.abort();
  ahead = new AbortController();
  smalls = new Map();
}

function repaint() {
  stopFull();
  if (!state.photo || !state.layers[0].styles.length) return;
  if (isPreviewing) isStale = true;
  else previews();
}

async function previews() {
  isPreviewing = true;
  setBusy(true);
  do {
    isStale = false;
    await preview();
  } while (isStale);
  isPreviewing = false;
  full.timer = setTimeout(startFull, REST);
}

async function preview() {
  const { photo, stroke } = state;
  const isNew = !smalls.has(stroke);
  const started = performance.now();
  try {
    const found = await smallOf(stroke, new AbortController().signal);
    if (photo !== state.photo) return;
    painted.small = found;
    await show(found, "small");
    if (isNew) adapt(performance.now() - started);
  } catch (error) {
    // What was made ahead is aborted only by a change, for which another one is painted.
    if (error.name !== "AbortError") complain(t("error.paint", { reason: error.message }));
  }
}

/** The small painting in a stroke; what was asked for before is not painted again. */
function smallOf(stroke, signal) {
  const kept = smalls;
  if (!kept.has(stroke)) {
    const size = engine.previewSizes[sizeIndex];
    const found = paint(state.photo, { isFull: false, size, stroke }, signal);
    kept.set(stroke, found);
    found.catch(() => kept.delete(stroke));
  }
  return kept.get(stroke);
}

/** Make the small paintings in strokes that are at most so many steps away, the nearest first. */
async function paintAhead(steps) {
  const kept = smalls;
  const { signal } = ahead;
  const away = (stroke) => Math.abs(stroke - state.stroke);
  const near = [...REFERENCES.keys()].filter((stroke) => away(stroke) <= steps);
  for (const stroke of near.sort((one, other) => away(one) - away(other))) {
    if (kept !== smalls || isPreviewing) return;
    await smallOf(stroke, signal).catch(() => {}); // whoever needs it asks again, and is told
  }
}

/** Smaller previews where they are slow twice running, larger ones where those would be fast. */
function adapt(milliseconds) {
  const sizes = engine.previewSizes;
  slowRuns = milliseconds > SLOW ? slowRuns + 1 : 0;
  const growth = (sizes[sizeIndex - 1] / sizes[sizeIndex]) ** 2; // NaN for the largest
  if (slowRuns > 1 && sizeIndex < sizes.length - 1) {
    sizeIndex += 1;
    slowRuns = 0;
  } else if (milliseconds * growth < SLOW / 2) {
    sizeIndex -= 1;
  }
}

function stopFull() {
  clearTimeout(full.timer);
  full.abort.abort();
  full = { abort: new AbortController(), timer: 0, done: null };
  painted.full = null;
  turns += 1;
}

function startFull() {
  if (!isPreviewing) full.done ??= finish(full.abort.signal);
}

async function finish(signal) {
  const started = performance.now();
  setBusy(true);
  tell(t("status.painting"));
  try {
    const found = await paint(state.photo, { isFull: true }, signal);
    if (signal.aborted) return;
    painted.full = { ...found, seconds: (performance.now() - started) / 1000 };
    await showFull();
  } catch (error) {
    if (signal.aborted) return;
    complain(t("error.paint", { reason: error.message }));
    full.done = null; // it may be tried again
  }
  if (signal.aborted) return;
  setBusy(false);
  if (painted.full) paintAhead(1);
}

/** Paint at full strength; a picture whose style is the photo is the photo itself. */
async function paint(photo, kind, signal) {
  const request = { ...requestOf(kind), strength: 1 };
  const isPhoto = request.layers.every(({ parts }) => parts[0][0] === PHOTO);
  if (isPhoto) return { bitmap: photo.full, file: photo.file };
  return engine.paint(photo, request, { signal, full: kind.isFull });
}

async function showFull() {
  const found = painted.full;
  if (!(await show(found, "full"))) return;
  const { width, height } = state.photo;
  const words = { width, height, seconds: found.seconds.toFixed(1) };
  tell(t(state.strength === 0 ? "status.photo" : "status.done", words));
}

/** Show a painting in the chosen colours and strength; false where something else came first. */
async function show({ bitmap }, kind) {
  const turn = (turns += 1);
  const picture = await asChosen(bitmap, () => turn === turns);
  if (turn !== turns) return false;
  showPainting(picture);
  const { dataset } = byId("viewer");
  dataset.painted = kind;
  dataset.version = String(Number(dataset.version ?? 0) + 1);
  byId("download").disabled = false;
  return true;
}

/** Colours and strength need no new painting: the small one answers at once, then the full. */
function refinish() {
  if (!painted.small) return;
  show(painted.small, "small");
  clearTimeout(full.timer);
  full.timer = setTimeout(() => (painted.full ? showFull() : startFull()), REST);
}

async function asChosen(bitmap, isWanted) {
  const { photo, colour, strength } = state;
  if (strength === 0) return photo.full;
  const below = await photo.small(Math.max(bitmap.width, bitmap.height));
  return finished(below, bitmap, { colour, strength }, isWanted);
}
