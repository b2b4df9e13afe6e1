/** A painting in the photo's colours, by any share: its luminance with the photo's chroma. */

import { luminanceAt } from "./model/pixels.js";

/**
 * Mix a painting with the same painting in the photo's colours.
 *
 * Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", luminance only: the
 * photo is shifted by the difference of the luminances, as `media/color.py` does it.
 *
 * @param {ImageBitmap} photo of any size
 * @param {ImageBitmap} painted the painting
 * @param {number} share 0 gives the painting, 1 the photo's colours
 * @returns {ImageBitmap|OffscreenCanvas} of the painting's size
 */
export function withColours(photo, painted, share) {
  if (share === 0) return painted;
  const { width, height } = painted;
  const [below, pen] = [pixelsOf(photo, width, height), penOf(width, height)];
  pen.drawImage(painted, 0, 0);
  const image = pen.getImageData(0, 0, width, height);
  mix(below.data, image.data, share);
  pen.putImageData(image, 0, 0);
  return pen.canvas;
}

function mix(photo, painted, share) {
  for (let at = 0; at < painted.length; at += 4) {
    const shift = luminanceAt(painted, at) - luminanceAt(photo, at);
    for (let channel = at; channel < at + 3; channel += 1) {
      const kept = Math.min(Math.max(photo[channel] + shift, 0), 255);
      painted[channel] += share * (kept - painted[channel]);
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
