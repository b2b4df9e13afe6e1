/** Strength, stroke and colour. */

import { byId, showFilled } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { listen, REFERENCES, state, update } from "./store.js";

const percent = (share) => `${Math.round(100 * share)}%`;

const SLIDERS = {
  strength: { read: (value) => value / 100, place: (share) => 100 * share, words: percent },
  colour: { read: (value) => value / 100, place: (share) => 100 * share, words: percent },
  stroke: {
    read: (value) => Number(value),
    place: (index) => index,
    words: (index) => t("stroke.value", { name: t(`stroke.${index}`), pixels: REFERENCES[index] }),
  },
};

/** Let the sliders change the state, and follow it. */
export function startSliders() {
  for (const [name, { read }] of Object.entries(SLIDERS)) {
    byId(name).oninput = ({ target }) => update({ [name]: read(target.value) });
  }
  listen((changed) =>
    Object.keys(SLIDERS)
      .filter((name) => changed.has(name))
      .forEach(show),
  );
  onLanguage(showAll);
  showAll();
}

const showAll = () => Object.keys(SLIDERS).forEach(show);

function show(name) {
  const { place, words } = SLIDERS[name];
  const slider = byId(name);
  slider.value = place(state[name]);
  slider.setAttribute("aria-valuetext", words(state[name]));
  byId(`${name}-value`).textContent = words(state[name]);
  showFilled(slider);
}
