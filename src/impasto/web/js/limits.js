/** How much the server takes: told before anything is sent. In the browser alone nothing is. */

import { t } from "./i18n.js";
import { state } from "./store.js";

const UNITS = [
  ["GB", 2 ** 30],
  ["MB", 2 ** 20],
  ["kB", 2 ** 10],
];

/** Throw an error in words for a file, or several together, of more bytes than a limit. */
export function checkBytes(name, bytes, limit) {
  const most = state.limits[limit];
  if (bytes > most) throw new Error(t("error.bytes", { name, most: amount(most) }));
}

/** Throw an error in words for a photo of more pixels than are taken. */
export function checkPixels({ name, width, height }) {
  const most = state.limits.max_pixels;
  if (width * height > most) {
    throw new Error(t("error.pixels", { name, width, height, most: most / 1e6 }));
  }
}

function amount(bytes) {
  const [unit, size] = UNITS.find(([, each]) => bytes >= each) ?? UNITS.at(-1);
  return `${Number((bytes / size).toFixed(1))} ${unit}`;
}
