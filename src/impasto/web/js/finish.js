/** What needs no new painting: the photo's colours by any share, and strength. */

import { luminanceAt } from "./model/pixels.js";

/**
 * Give a full painting the photo's colours, and lay it over the photo.
 *
 * Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", luminance only: the
 * photo is shifted by the difference of the luminances, as `media/color.py` does it.
 *
 * @param {ImageBitmap} photo of any size
 * @param {ImageBitmap} painted the painting at full strength
 * @param settings `colour`: 0 gives the painting's colours, 1 the photo's; `strength`: 0 gives the
 *   photo, 1 the painting
 * @returns {ImageBitmap|OffscreenCanvas} of the painting's size; at strength 0 the photo itself
 */
export function finished(photo, painted, { colour, strength }) {
  if (strength === 0) return photo;
  if (colour === 0 && strength === 1) return painted;
  const { width, height } = painted;
  const [below, pen] = [pixelsOf(photo, width, height), penOf(width, height)];
  pen.drawImage(painted, 0, 0);
  const image = pen.getImageData(0, 0, width, height);
  finish(below.data, image.data, colour, strength);
  pen.putImageData(image, 0, 0);
  return pen.canvas;
}

function finish(photo, painted, colour, strength) {
  for (let at = 0; at < painted.length; at += 4) {
    const shift = luminanceAt(painted, at) - luminanceAt(photo, at);
    for (let channel = at; channel < at + 3; channel += 1) {
      const kept = Math.min(Math.max(photo[channel] + shift, 0), 255);
      const full = painted[channel] + colour * (kept - painted[channel]);
      painted[channel] = photo[channel] + strength * (full - photo[channel]);
    }
  }
}

function pixelsOf(bitmap, width, height) {
  const pen = penOf(width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, width, height);
  return pen.getImageData(0, 0, width, height);
}

function penOf(width, height) {
  return new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
}
