/** What needs no new painting: the photo's colours by any share, and strength. */

import { luminanceAt } from "./model/pixels.js";

/** Pixels that are finished at once, so that small paintings are there at once; more are sliced. */
const WHOLE = 2 ** 19;
const SLICE = 2 ** 18;

/**
 * Give a full painting the photo's colours, and lay it over the photo.
 *
 * Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", luminance only: the
 * photo is shifted by the difference of the luminances, as `media/color.py` does it. Large pictures
 * are done in slices, between which the page answers.
 *
 * @param {ImageBitmap|HTMLCanvasElement|OffscreenCanvas} photo of the painting's size; a difference
 *   by a rounding is put right
 * @param {ImageBitmap} painted the painting at full strength
 * @param settings `colour`: 0 gives the painting's colours, 1 the photo's; `strength`: 0 gives the
 *   photo, 1 the painting
 * @param {() => boolean} isWanted asked between slices
 * @returns {Promise<?(ImageBitmap|OffscreenCanvas)>} of the painting's size; null where it is not
 *   wanted any more
 */
export async function finished(photo, painted, { colour, strength }, isWanted = () => true) {
  if (colour === 0 && strength === 1) return painted;
  const { width, height } = painted;
  const result = penOf(width, height);
  const rows = width * height > WHOLE ? Math.max(1, Math.floor(SLICE / width)) : height;
  for (let top = 0; top < height; top += rows) {
    if (top) await pause();
    if (!isWanted()) return null;
    const pen = penOf(width, Math.min(rows, height - top));
    const [below, slice] = [photo, painted].map((each) => pixelsOf(pen, each, painted, top));
    finish(below.data, slice.data, colour, strength);
    result.putImageData(slice, 0, top);
  }
  return result.canvas;
}

function finish(photo, painted, colour, strength) {
  for (let at = 0; at < painted.length; at += 4) {
    const shift = colour && luminanceAt(painted, at) - luminanceAt(photo, at);
    for (let channel = at; channel < at + 3; channel += 1) {
      const kept = Math.min(Math.max(photo[channel] + shift, 0), 255);
      const full = painted[channel] + colour * (kept - painted[channel]);
      painted[channel] = photo[channel] + strength * (full - photo[channel]);
    }
  }
}

/** The rows of a picture from `top` on that a pen's canvas has room for. */
function pixelsOf(pen, picture, { width, height }, top) {
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  pen.drawImage(picture, 0, -top, width, height);
  return pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);
}

function penOf(width, height) {
  return new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
}

/** Let the page do what waits. */
const pause = () => new Promise((resolve) => setTimeout(resolve));
