/**
 * The painter: mix, measure, compose, paint; small photos are measured as they are painted. What
 * `engine/painter.py` does, on given graphs.
 */

import { compose, mixCodes } from "./codes.js";
import { viewOf } from "./collage.js";
import { grain } from "./grain.js";
import { blend, cut, extendEdges, fade, padded, times } from "./pixels.js";
import { longSideSize, resize } from "./resize.js";
import { broughtTo } from "./strokes.js";

/** Long side below which a picture is painted enlarged; see `engine/strokes.py`. */
const SMALLEST = 64;
/** Short side from which on a photo is measured as it is painted; see `engine/whole.py`. */
const LEAST_SIDE = 128;

/** Paints with one model. */
export class Painter {
  /**
   * @param manifest the model's manifest
   * @param {(graph: "mix"|"measure"|"paint"|"whole", inputs: Object) => Promise<Object>} run runs a
   *   graph: takes and gives typed arrays with their dims
   */
  constructor(manifest, run) {
    this.manifest = manifest;
    this.run = run;
  }

  /**
   * Paint a photo.
   *
   * @param photo RGB pixels at the size of the result
   * @param alpha its opacity, or null
   * @param settings `layers`, the lowest first, each of `codes` (null leaves the photo), `weights`
   *   and but for the first a `mask` of any size; `strength`; `reference`, the long side that
   *   strokes are sized for, or null
   */
  async paint(photo, alpha, { layers, strength, reference }) {
    if (strength === 0) return photo;
    const filled = extendEdges(photo, alpha);
    const side = paintedSize(photo, reference);
    const size = longSideSize(photo.width, photo.height, side ?? 0);
    const small = side ? resize(filled, ...size, "lanczos") : filled;
    const seen = alpha && resize(alpha, small.width, small.height, "lanczos");
    const atOnce = layers.length === 1 && this.fitsAtOnce(small, seen);
    let painted = null;
    for (const { codes, weights, mask, shown } of fitted(layers, small)) {
      const code = codes && mixCodes(codes, weights);
      const weight = shown && seen ? times(shown, seen) : (shown ?? seen);
      const paint = () =>
        atOnce ? this.paintAtOnce(small, code) : this.paintPixels(small, weight, code);
      const layer = code ? await paint() : small;
      painted = painted ? blend(painted, layer, mask) : layer;
    }
    const whole = small === filled ? painted : broughtTo(filled, small, painted);
    return fade(filled, whole, strength);
  }

  /** Run the trunk over a whole picture; what `opacity` says is dark weighs nothing. */
  async paintPixels(pixels, opacity, code) {
    const filters = await this.filters(code);
    const affine = await this.affine(pixels, opacity, code, filters);
    const image = this.padded(pixels);
    const inputs = { ...this.imageAndGrain(image), ...filters };
    const { painted } = await this.run("paint", { ...inputs, affine: this.pair(affine) });
    return this.unpadded(painted, image, pixels);
  }

  /** Whether a picture is measured as it is painted: small, and opaque. */
  fitsAtOnce({ width, height }, opacity) {
    const fits = width * height <= (this.manifest.whole_pixels ?? 0);
    const opaque = !opacity || opacity.data.every((value) => value === 255);
    return fits && Math.min(width, height) >= LEAST_SIDE && opaque;
  }

  /** Run the trunk over a whole picture and normalise by all of it. */
  async paintAtOnce(pixels, code) {
    const image = this.padded(pixels);
    const inputs = { ...this.imageAndGrain(image), ...(await this.filters(code)) };
    const { painted } = await this.run("whole", { ...inputs, code: this.pair(code) });
    return this.unpadded(painted, image, pixels);
  }

  /** The filters that a code mixes, as an input of the other graphs; none in some models. */
  async filters(code) {
    return this.manifest.filters ? this.run("mix", { code: this.pair(code) }) : {};
  }

  /** The affine that paints a picture in a code. */
  async affine(pixels, opacity, code, filters) {
    const { thumbnail, margin } = this.manifest;
    const view = viewOf(pixels, opacity, thumbnail);
    const side = this.paddedSide(view.side);
    const weight = placedWeight(view, margin, side);
    const { stats } = await this.run("measure", {
      ...this.imageAndGrain(padded(view.pixels, margin, side, side)),
      ...filters,
      code: this.pair(code),
      weight: { data: weight, dims: [1, 1, side, side] },
    });
    return compose(code, stats.data);
  }

  /** A code or an affine as an input of a graph. */
  pair(data) {
    return { data, dims: [2, this.manifest.channels] };
  }

  /** A picture with its edges extended as the graphs need it. */
  padded(pixels) {
    const [width, height] = [pixels.width, pixels.height].map((side) => this.paddedSide(side));
    return padded(pixels, this.manifest.margin, width, height);
  }

  /** What a graph painted, without what `padded` has added to the picture. */
  unpadded({ data }, image, { width, height }) {
    const { margin } = this.manifest;
    return cut({ ...image, data }, margin, margin, width, height);
  }

  /** A side with a margin at both ends, and further to a multiple. */
  paddedSide(length) {
    const { margin, multiple } = this.manifest;
    return Math.ceil((length + 2 * margin) / multiple) * multiple;
  }

  imageAndGrain({ data, width, height }) {
    const cell = this.manifest.grain_cell;
    const [rows, columns] = [Math.trunc(height / cell), Math.trunc(width / cell)];
    return {
      image: { data, dims: [1, height, width, 3] },
      grain: { data: grain(rows, columns), dims: [1, 1, rows, columns] },
    };
  }
}

/** The long side that a photo is painted at and brought back from, or null; tiny ones are enlarged. */
function paintedSize({ width, height }, reference) {
  return !reference && Math.max(width, height) < SMALLEST ? SMALLEST : reference;
}

/** Layers with their masks at a size, and with what shows of them; null is all of it. */
function fitted(layers, { width, height }) {
  if (layers.length === 1) return layers;
  let rest = { data: new Uint8Array(width * height).fill(255), width, height, channels: 1 };
  const found = layers
    .slice(1)
    .reverse()
    .map((layer) => {
      const mask = resize(layer.mask, width, height, "bilinear");
      const shown = times(rest, mask);
      rest = times(rest, { ...mask, data: mask.data.map((value) => 255 - value) });
      return { ...layer, mask, shown };
    });
  return [{ ...layers[0], shown: rest }, ...found.reverse()];
}

/** How much each pixel of the measured square counts: 0 outside what is measured, at most 1. */
function placedWeight({ pixels, opacity }, margin, side) {
  const largest = opacity ? opacity.data.reduce((most, value) => Math.max(most, value), 0) : 0;
  const weights = new Float32Array(side * side);
  for (let row = 0; row < pixels.height; row += 1) {
    for (let column = 0; column < pixels.width; column += 1) {
      const value = largest ? opacity.data[row * pixels.width + column] / largest : 1;
      weights[(row + margin) * side + column + margin] = value;
    }
  }
  return weights;
}
