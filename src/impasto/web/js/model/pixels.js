/** Work on pixels around the graphs: windows with extended edges, fading, luminance, opacity. */

import { resize } from "./resize.js";

/** A picture of 4 channels, as canvases give it, without its opacity. */
export function rgbOf({ data, width, height }) {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return { data: rgb, width, height, channels: 3 };
}

/** The opacity of a picture of 4 channels, or null where all of it is opaque. */
export function alphaOf({ data, width, height }) {
  const alpha = new Uint8Array(width * height);
  let lowest = 255;
  for (let at = 0; at < alpha.length; at += 1) {
    alpha[at] = data[4 * at + 3];
    lowest = Math.min(lowest, alpha[at]);
  }
  return lowest === 255 ? null : { data: alpha, width, height, channels: 1 };
}

/** A picture as a canvas takes it. */
export function rgbaOf({ data, width, height }, alpha) {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < width * height; at += 1) {
    rgba[4 * at] = data[3 * at];
    rgba[4 * at + 1] = data[3 * at + 1];
    rgba[4 * at + 2] = data[3 * at + 2];
    rgba[4 * at + 3] = alpha ? alpha.data[at] : 255;
  }
  return rgba;
}

/** The picture, with its edges extended, at the place (margin, margin) of a larger one. */
export function padded(pixels, margin, width, height) {
  const { data, channels } = pixels;
  const result = new Uint8Array(width * height * channels);
  for (let row = 0, to = 0; row < height; row += 1) {
    const start = clamped(row - margin, pixels.height) * pixels.width;
    for (let column = 0; column < width; column += 1) {
      const from = (start + clamped(column - margin, pixels.width)) * channels;
      for (let channel = 0; channel < channels; channel += 1, to += 1) {
        result[to] = data[from + channel];
      }
    }
  }
  return { data: result, width, height, channels };
}

/** A part of a picture. */
export function cut({ data, width: across, channels }, left, top, width, height) {
  const result = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row += 1) {
    const from = ((top + row) * across + left) * channels;
    result.set(data.subarray(from, from + width * channels), row * width * channels);
  }
  return { data: result, width, height, channels };
}

/** The painting laid over the photo, in place; opacity 0 to 1 in steps of 1/256. */
export function fade(photo, painted, opacity) {
  const share = Math.round(256 * opacity);
  if (share === 256) return painted;
  const data = painted.data.map(
    (value, at) => (photo.data[at] * (256 - share) + value * share + 128) >> 8,
  );
  return { ...painted, data };
}

/** Another painting laid over a painting where a mask is white. */
export function blend(below, above, mask) {
  const data = below.data.slice();
  for (let pixel = 0, at = 0; pixel < mask.data.length; pixel += 1) {
    const share = mask.data[pixel];
    for (let channel = 0; channel < 3; channel += 1, at += 1) {
      data[at] = Math.round((data[at] * (255 - share) + above.data[at] * share) / 255);
    }
  }
  return { ...below, data };
}

/** The product of two planes, of which 255 is one; rounded up, as the engine does. */
export function times(plane, other) {
  const data = plane.data.map((value, at) => Math.trunc((value * other.data[at] + 254) / 255));
  return { ...plane, data };
}

/** The luminance of each pixel (ITU-R 601), as Pillow rounds it. */
export function luminance({ data, width, height }) {
  const result = new Uint8Array(width * height);
  for (let at = 0; at < result.length; at += 1) result[at] = luminanceAt(data, 3 * at);
  return { data: result, width, height, channels: 1 };
}

/** The luminance of the pixel that starts at a byte. */
export function luminanceAt(data, at) {
  return (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 0x8000) >> 16;
}

/**
 * The picture with what is fully transparent filled from what is not, so that no hidden colour
 * bleeds over an edge: halved until no hole is left, and filled from the coarser levels.
 */
export function extendEdges(pixels, alpha) {
  if (!alpha || alpha.data.every((value) => value > 0) || !alpha.data.some((v) => v > 0)) {
    return pixels;
  }
  const coarse = extendEdges(...halved(pixels, alpha));
  const filling = resize(coarse, pixels.width, pixels.height, "bilinear");
  const data = pixels.data.map((value, at) =>
    alpha.data[Math.trunc(at / 3)] ? value : filling.data[at],
  );
  return { ...pixels, data };
}

function halved(pixels, alpha) {
  const width = Math.ceil(pixels.width / 2);
  const height = Math.ceil(pixels.height / 2);
  const sums = new Float32Array(width * height * 3);
  const counts = new Uint8Array(width * height);
  for (let at = 0; at < alpha.data.length; at += 1) {
    if (!alpha.data[at]) continue;
    const row = Math.trunc(at / pixels.width) >> 1;
    const to = row * width + ((at % pixels.width) >> 1);
    counts[to] += 1;
    for (let channel = 0; channel < 3; channel += 1) {
      sums[3 * to + channel] += pixels.data[3 * at + channel];
    }
  }
  const data = Uint8Array.from(sums, (sum, at) => {
    const count = counts[Math.trunc(at / 3)];
    return count ? Math.round(sum / count) : 0;
  });
  return [
    { data, width, height, channels: 3 },
    { data: counts, width, height, channels: 1 },
  ];
}

function clamped(index, size) {
  return Math.min(Math.max(index, 0), size - 1);
}
