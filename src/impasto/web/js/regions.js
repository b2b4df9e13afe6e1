/** Where styles are painted: the whole picture, and regions over it. */

import { byId, icon, make, press } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { centerOf } from "./mix.js";
import { boundedSize } from "./model/resize.js";
import { listen, state, update } from "./store.js";

const MASK_SIDE = 1024;

/** Show a chip for each layer as soon as there is a photo. */
export function startRegions() {
  listen((changed) => {
    if (changed.has("photo")) forget();
    if (["photo", "layers", "active"].some((key) => changed.has(key))) show();
  });
  onLanguage(show);
}

/** Masks belong to a photo; another one starts without. */
function forget() {
  const [base] = state.layers;
  if (state.layers.length > 1) update({ layers: [base], active: 0 });
}

function show() {
  byId("regions-block").hidden = !state.photo || !state.mostRegions;
  byId("regions-hint").hidden = state.active === 0;
  if (!state.photo) return;
  const chips = state.layers.map((_, index) => chip(index));
  if (state.layers.length <= state.mostRegions) chips.push(adding());
  const hadFocus = document.activeElement?.dataset.region;
  byId("regions").replaceChildren(...chips);
  if (hadFocus) byId("regions").querySelector(`[data-region="${hadFocus}"]`)?.focus();
}

function chip(index) {
  const name = index ? t("regions.one", { number: index }) : t("regions.whole");
  const select = make("button", {
    textContent: name,
    data: { region: String(index) },
    onclick: () => activate(index),
  });
  press(select, index === state.active);
  return make("span", { class: "chip" }, select, index ? removing(index) : null);
}

function removing(index) {
  const label = t("regions.remove", { number: index });
  const remove = () => {
    const layers = state.layers.filter((_, at) => at !== index);
    update({ layers, active: 0, mixing: layers[0].styles.length > 1 });
    byId("regions").querySelector("button").focus();
  };
  return make(
    "button",
    { class: "remove", title: label, aria: { label }, onclick: remove },
    icon("close"),
  );
}

function adding() {
  return make("button", {
    class: "add",
    textContent: t("regions.add"),
    data: { region: "add" },
    onclick: () => {
      update({
        layers: [...state.layers, newRegion()],
        active: state.layers.length,
        mixing: false,
      });
      byId("viewer").focus({ preventScroll: true });
    },
  });
}

function activate(index) {
  update({ active: index, mixing: state.layers[index].styles.length > 1 });
}

/** A region without a mark yet, in a style that is not in use. */
function newRegion() {
  const used = state.layers.flatMap((layer) => layer.styles);
  const free = state.styles.find(({ name }) => !used.includes(name)) ?? state.styles[0];
  const [width, height] = boundedSize(state.photo.width, state.photo.height, MASK_SIDE);
  const mask = make("canvas", { width, height });
  return { styles: [free.name], point: centerOf(1), mask, isEmpty: true };
}
