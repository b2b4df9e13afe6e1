/** What the page knows of the picture and its settings; parts of the page listen for changes. */

import { formatSpec, MOST_STYLES } from "./model/spec.js";
import { centerOf, weightsAt } from "./mix.js";

/** Long sides that strokes can be sized for, from the finest strokes to the broadest. */
export const REFERENCES = [1536, 1024, 768, 512, 384, 256, 192];

/** Regions that a picture may have, where the server allows as many. */
export const MOST_REGIONS = 3;

/** The name that stands for the photo as it is, in a region. */
export const PHOTO = "photo";

const listeners = new Set();

/**
 * The state. A layer is `{styles, point, mask}`: names, the point of the mixing pad, and but for
 * the first layer a canvas that is opaque where the layer is painted.
 */
export const state = {
  photo: null,
  styles: [],
  layers: [{ styles: [], point: [0.5, 0.5], mask: null }],
  active: 0,
  mostRegions: MOST_REGIONS,
  limits: {},
  mixing: false,
  strength: 1,
  stroke: REFERENCES.indexOf(512),
  colour: 0,
};

/** Call back with the names of what has changed. */
export const listen = (listener) => listeners.add(listener);

/** Change the state, and tell who listens. */
export function update(patch) {
  Object.assign(state, patch);
  const changed = new Set(Object.keys(patch));
  listeners.forEach((listener) => listener(changed));
}

/** The layer that the gallery and the pad change. */
export const activeLayer = () => state.layers[state.active];

/** Change the active layer. */
export function updateLayer(patch) {
  const layers = state.layers.map((layer, index) =>
    index === state.active ? { ...layer, ...patch } : layer,
  );
  update({ layers });
}

/** Names and weights of a layer. */
export function partsOf({ styles, point }) {
  const weights = weightsAt(point, styles.length);
  return styles.map((name, index) => [name, weights[index]]).filter(([, weight]) => weight > 0.005);
}

/** A layer as a style spec. */
export const specOf = (layer) => formatSpec(partsOf(layer));

/** What the gallery calls a style. */
export const titleOf = (name) => state.styles.find((style) => style.name === name)?.title ?? name;

/** The setting `colors` of what the server paints, which takes no share of the photo's colours. */
export const colorsSetting = () => (state.colour === 1 ? "content" : "style");

/** Whether the photo's colours have a share that the server cannot give. */
export const hasShare = () => state.colour > 0 && state.colour < 1;

/** Choose a style: alone, or into or out of a mix. Returns false where a mix is full. */
export function choose(name) {
  const { styles } = activeLayer();
  if (!state.mixing || name === PHOTO || styles.includes(PHOTO)) {
    updateLayer({ styles: [name], point: centerOf(1) });
    return true;
  }
  const without = styles.filter((one) => one !== name);
  const chosen = without.length < styles.length ? without : [...styles, name];
  if (chosen.length > MOST_STYLES) return false;
  if (chosen.length) updateLayer({ styles: chosen, point: centerOf(chosen.length) });
  return true;
}

/** Switch between one style and a mix; of a mix the first style stays. */
export function setMixing(mixing) {
  const { styles } = activeLayer();
  update({ mixing });
  if (!mixing && styles.length > 1) updateLayer({ styles: styles.slice(0, 1), point: centerOf(1) });
}
