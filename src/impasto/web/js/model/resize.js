/**
 * Resizing of 8-bit pictures, computed as Pillow computes it: columns first, then rows, each pass
 * with weights of 22 bits and rounded to 8 bits. So a picture is the same here and on a server.
 */

const BITS = 22;
const FILTERS = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  lanczos: { support: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * A plane of pixels: `data` holds `height * width * channels` bytes, row by row.
 *
 * @typedef {{data: Uint8Array|Uint8ClampedArray, width: number, height: number, channels: number}}
 *   Pixels
 */

/** Width and height shrunk in proportion so that no side is above `longest`; never enlarged. */
export function boundedSize(width, height, longest) {
  const scale = longest / Math.max(width, height);
  if (scale >= 1) return [width, height];
  return [width, height].map((side) => Math.max(1, rounded(side * scale)));
}

/** Width and height with the long side at exactly `longest`. */
export function longSideSize(width, height, longest) {
  const scale = longest / Math.max(width, height);
  return [width, height].map((side) => Math.max(1, rounded(side * scale)));
}

/** The picture at exactly a size. */
export function resize(pixels, width, height, filter) {
  if (pixels.width === width && pixels.height === height) return pixels;
  return resizedRows(resizedColumns(pixels, width, filter), height, filter);
}

/** The picture at another width. */
export function resizedColumns(pixels, width, filter) {
  if (pixels.width === width) return pixels;
  const { data, height, channels } = pixels;
  const taps = tapsOf(pixels.width, width, filter);
  const result = new Uint8ClampedArray(width * height * channels);
  for (let row = 0, to = 0; row < height; row += 1) {
    const start = row * pixels.width * channels;
    for (let column = 0; column < width; column += 1) {
      const { first, weights } = taps[column];
      for (let channel = 0; channel < channels; channel += 1, to += 1) {
        let sum = 1 << (BITS - 1);
        let from = start + first * channels + channel;
        for (let tap = 0; tap < weights.length; tap += 1, from += channels) {
          sum += data[from] * weights[tap];
        }
        result[to] = sum >> BITS;
      }
    }
  }
  return { data: result, width, height, channels };
}

/**
 * The picture at another height; with `top` and `bottom`, only those rows of the result.
 *
 * @param {Pixels} pixels the picture
 * @param {number} height of the whole result
 */
export function resizedRows(pixels, height, filter, top = 0, bottom = height) {
  if (pixels.height === height && top === 0 && bottom === height) return pixels;
  const { data, width, channels } = pixels;
  const stride = width * channels;
  const taps = tapsOf(pixels.height, height, filter);
  const result = new Uint8ClampedArray(stride * (bottom - top));
  const sums = new Int32Array(stride);
  for (let row = top; row < bottom; row += 1) {
    const { first, weights } = taps[row];
    sums.fill(1 << (BITS - 1));
    for (let tap = 0; tap < weights.length; tap += 1) {
      const weight = weights[tap];
      const from = (first + tap) * stride;
      for (let at = 0; at < stride; at += 1) sums[at] += data[from + at] * weight;
    }
    const to = (row - top) * stride;
    for (let at = 0; at < stride; at += 1) result[to + at] = sums[at] >> BITS;
  }
  return { data: result, width, height: bottom - top, channels };
}

/** To the nearest whole number, halves to the even one, as Python rounds. */
export function rounded(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** For each pixel of the result: its first pixel of the picture, and the weights from there. */
function tapsOf(before, after, filter) {
  const { support, at } = FILTERS[filter];
  const scale = before / after;
  const stretch = Math.max(scale, 1);
  const reach = support * stretch;
  return Array.from({ length: after }, (_, index) => {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(before, Math.trunc(center + reach + 0.5));
    const raw = Array.from({ length: last - first }, (_, tap) =>
      at((tap + first - center + 0.5) / stretch),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Int32Array.from(raw, (weight) => fixed(weight / total)) };
  });
}

function fixed(weight) {
  return Math.trunc(weight * 2 ** BITS + (weight < 0 ? -0.5 : 0.5));
}
