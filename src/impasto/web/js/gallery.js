/** The gallery of styles; what is chosen goes into the active layer. */

import { byId, icon, make, press } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { tell } from "./status.js";
import { activeLayer, choose, listen, partsOf, PHOTO, setMixing, state } from "./store.js";

/** Show the gallery, and follow the state. */
export function startGallery() {
  byId("mix-off").onclick = () => setMixing(false);
  byId("mix-on").onclick = () => setMixing(true);
  listen((changed) => {
    if (changed.has("styles") || changed.has("photo")) build();
    if (["styles", "layers", "active", "mixing", "photo"].some((key) => changed.has(key))) mark();
  });
  onLanguage(() => {
    build();
    mark();
  });
  showWaiting();
}

function showWaiting() {
  byId("gallery").replaceChildren(
    ...Array.from({ length: 9 }, () => make("li", { class: "wait" })),
  );
}

function build() {
  if (!state.styles.length) return;
  byId("gallery").replaceChildren(photoCard(), ...state.styles.map(card));
}

function card(style) {
  const origin = [style.artist, style.year].filter(Boolean).join(", ");
  const picture = make("img", {
    class: "picture",
    alt: "",
    src: style.preview ?? "",
    loading: "lazy",
  });
  const button = make(
    "button",
    {
      data: { style: style.name },
      title: [style.title, origin].filter(Boolean).join(" · "),
      onclick: () => choose(style.name) || tell(t("mix.full")),
    },
    picture,
    make("span", { class: "name", textContent: style.title || style.name }),
  );
  return make("li", {}, button);
}

/** In a region: leaves the photo as it is. */
function photoCard() {
  const picture = make("canvas", {
    class: "picture",
    width: 96,
    height: 96,
    aria: { hidden: true },
  });
  if (state.photo) drawCover(picture, state.photo.full);
  const name = make("span", { class: "name", textContent: t("styles.photo") });
  const button = make(
    "button",
    { data: { style: PHOTO }, onclick: () => choose(PHOTO) },
    picture,
    name,
  );
  return make("li", { id: "photo-card" }, button);
}

function drawCover(canvas, bitmap) {
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas
    .getContext("2d")
    .drawImage(bitmap, left, top, side, side, 0, 0, canvas.width, canvas.height);
}

function mark() {
  press(byId("mix-off"), !state.mixing);
  press(byId("mix-on"), state.mixing);
  byId("mix-hint").hidden = !state.mixing || activeLayer().styles.length > 1;
  const shares = new Map(partsOf(activeLayer()));
  for (const button of document.querySelectorAll("#gallery button")) {
    const { style } = button.dataset;
    const isChosen = activeLayer().styles.includes(style);
    press(button, isChosen);
    button.querySelector(".badge")?.remove();
    if (isChosen) button.append(badge(shares.get(style) ?? 0));
  }
  const photo = byId("photo-card");
  if (photo) photo.hidden = state.active === 0;
}

/** A tick, or in a mix the share of the style. */
function badge(share) {
  if (activeLayer().styles.length < 2) return make("span", { class: "badge" }, icon("check"));
  return make("span", { class: "badge", textContent: `${Math.round(100 * share)}%` });
}
