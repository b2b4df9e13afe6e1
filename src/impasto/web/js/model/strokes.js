/**
 * Strokes of a set size: what was painted small is brought to the size of its photo, and made as
 * sharp as the photo where it follows the photo. The same arithmetic as the Python engine's: a
 * guided filter (He, Sun and Tang 2010) at the small size, in rows of the large one.
 */

import { luminance } from "./pixels.js";
import { resize, resizedColumns, resizedRows } from "./resize.js";

const RADIUS = 2;
const FLAT = 64;
const STRIP = 64;
const [NONE, ONE] = [128, 64];

/**
 * Bring a painting to the size of its photo, larger or smaller.
 *
 * @param photo the photo at the size of the result
 * @param small the photo as it was painted
 * @param painted the painting of that
 */
export function broughtTo(photo, small, painted) {
  const { width, height } = photo;
  if (width <= painted.width && height <= painted.height) {
    return resize(painted, width, height, "lanczos");
  }
  const sources = { painted, luminance: luminance(small), gains: gainsOf(small, painted) };
  const data = new Uint8ClampedArray(width * height * 3);
  for (let top = 0; top < height; top += STRIP) {
    sharpenedStrip(photo, sources, top, Math.min(top + STRIP, height), data);
  }
  return { data, width, height, channels: 3 };
}

function sharpenedStrip(photo, sources, top, bottom, data) {
  const { width, height } = photo;
  // Rows first, which for a strip is how Pillow does it.
  const enlarged = (pixels, filter) =>
    resizedColumns(resizedRows(pixels, height, filter, top, bottom), width, filter).data;
  const painted = enlarged(sources.painted, "lanczos");
  const smooth = enlarged(sources.luminance, "lanczos");
  const gains = enlarged(sources.gains, "bilinear");
  const start = top * width;
  const rows = { data: photo.data.subarray(3 * start, 3 * bottom * width), width };
  const sharp = luminance({ ...rows, height: bottom - top }).data;
  for (let at = 0; at < painted.length; at += 1) {
    const pixel = Math.trunc(at / 3);
    const detail = sharp[pixel] - smooth[pixel];
    const added = ((gains[at] - NONE) * detail + ONE / 2) >> 6;
    data[3 * start + at] = painted[at] + added;
  }
}

/** How steeply each colour of a painting answers to the photo's luminance: 128 none, 192 all. */
function gainsOf(photo, painted) {
  const { width, height } = photo;
  const guide = Float32Array.from(luminance(photo).data);
  const guideMean = windowMeans(guide, width, height);
  const squares = windowMeans(
    guide.map((value) => value * value),
    width,
    height,
  );
  const variance = squares.map((value, at) => Math.max(0, value - guideMean[at] ** 2) + FLAT);
  const gains = new Uint8ClampedArray(width * height * 3);
  for (let channel = 0; channel < 3; channel += 1) {
    const colour = guide.map((_, at) => painted.data[3 * at + channel]);
    const colourMean = windowMeans(colour, width, height);
    const products = windowMeans(
      colour.map((value, at) => value * guide[at]),
      width,
      height,
    );
    const slopes = products.map(
      (value, at) => (value - guideMean[at] * colourMean[at]) / variance[at],
    );
    windowMeans(slopes, width, height).forEach((slope, at) => {
      gains[3 * at + channel] = NONE + ONE * Math.min(Math.max(slope, -1), 1);
    });
  }
  return { data: gains, width, height, channels: 3 };
}

/** The mean of the window of 5 x 5 around each pixel; the edge is continued. */
function windowMeans(values, width, height) {
  const across = meansAlong(values, height, width, width, 1);
  return meansAlong(across, width, height, 1, width);
}

function meansAlong(values, lines, length, lineStep, step) {
  const result = new Float32Array(values.length);
  for (let line = 0; line < lines; line += 1) {
    const start = line * lineStep;
    const at = (index) => values[start + Math.min(Math.max(index, 0), length - 1) * step];
    let sum = 0;
    for (let index = -RADIUS; index <= RADIUS; index += 1) sum += at(index);
    for (let index = 0; index < length; index += 1) {
      result[start + index * step] = sum / (2 * RADIUS + 1);
      sum += at(index + RADIUS + 1) - at(index - RADIUS);
    }
  }
  return result;
}
