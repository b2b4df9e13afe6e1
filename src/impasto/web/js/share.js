/** Settings in the address: after the #, which browsers do not send to any server. */

import { formatSpec, parseSpec } from "./model/spec.js";
import { clamp } from "./dom.js";
import { pointOf } from "./mix.js";
import { partsOf, REFERENCES } from "./store.js";

/** The address of the page with the settings of a state. */
export function linkOf(state) {
  const fields = new URLSearchParams({
    style: formatSpec(partsOf(state.layers[0])),
    strength: state.strength.toFixed(2),
    stroke: String(REFERENCES[state.stroke]),
    colour: state.colour.toFixed(2),
  });
  const address = new URL(location.href);
  address.hash = decodeURIComponent(fields.toString());
  return address.href;
}

/** The settings that an address holds, as a change of the state; unknown styles are left out. */
export function settingsOf(hash, known) {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name, low, high) => {
    const value = Number.parseFloat(fields.get(name));
    return Number.isFinite(value) ? clamp(value, low, high) : null;
  };
  const found = {
    strength: number("strength", 0, 1),
    colour: number("colour", 0, 1),
    stroke: REFERENCES.indexOf(Number(fields.get("stroke"))),
  };
  if (found.stroke < 0) found.stroke = null;
  const set = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
  const parts = parseSpec(fields.get("style") ?? "")?.filter(([name]) => known.includes(name));
  return parts?.length ? { ...set, ...layersOf(parts) } : set;
}

function layersOf(parts) {
  const styles = parts.map(([name]) => name);
  const point = pointOf(parts.map(([, weight]) => weight));
  return { layers: [{ styles, point, mask: null }], active: 0, mixing: styles.length > 1 };
}
