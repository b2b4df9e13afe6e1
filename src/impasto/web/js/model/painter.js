/** The painter: mix, measure, compose, paint. What `engine/painter.py` does, on given graphs. */

import { compose, mixCodes } from "./codes.js";
import { viewOf } from "./collage.js";
import { grain } from "./grain.js";
import { blend, cut, extendEdges, fade, padded, times } from "./pixels.js";
import { longSideSize, resize } from "./resize.js";
import { broughtTo } from "./strokes.js";

/** Long side below which a picture is painted enlarged; see `engine/strokes.py`. */
const SMALLEST = 64;

/** Paints with one model. */
export class Painter {
  /**
   * @param manifest the model's manifest
   * @param {(graph: "mix"|"measure"|"paint", inputs: Object) => Promise<Object>} run runs a graph:
   *   takes and gives typed arrays with their dims
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
    let painted = null;
    for (const { codes, weights, mask, shown } of fitted(layers, small)) {
      const code = codes && mixCodes(codes, weights);
      const weight = shown && seen ? times(shown, seen) : (shown ?? seen);
      const layer = code ? await this.paintPixels(small, weight, code) : small;
      painted = painted ? blend(painted, layer, mask) : layer;
    }
    const whole = small === filled ? painted : broughtTo(filled, small, painted);
    return fade(filled, whole, strength);
  }

  /** Run the trunk over a whole picture; what `opacity` says is dark weighs nothing. */
  async paintPixels(pixels, opacity, code) {
    const filters = await this.filters(code);
    const affine = await this.affine(pixels, opacity, code, filters);
    const { margin, channels } = this.manifest;
    const [width, height] = [pixels.width, pixels.height].map((side) => this.paddedSide(side));
    const image = padded(pixels, margin, width, height);
    const { painted } = await this.run("paint", {
      ...this.imageAndGrain(image),
      ...filters,
      affine: { data: affine, dims: [2, channels] },
    });
    return cut({ ...image, data: painted.data }, margin, margin, pixels.width, pixels.height);
  }

  /** The filters that a code mixes, as an input of the other graphs; none in some models. */
  async filters(code) {
    const { channels, filters } = this.manifest;
    return filters ? this.run("mix", { code: { data: code, dims: [2, channels] } }) : {};
  }

  /** The affine that paints a picture in a code. */
  async affine(pixels, opacity, code, filters) {
    const { thumbnail, margin, channels } = this.manifest;
    const view = viewOf(pixels, opacity, thumbnail);
    const side = this.paddedSide(view.side);
    const weight = placedWeight(view, margin, side);
    const { stats } = await this.run("measure", {
      ...this.imageAndGrain(padded(view.pixels, margin, side, side)),
      ...filters,
      code: { data: code, dims: [2, channels] },
      weight: { data: weight, dims: [1, 1, side, side] },
    });
    return compose(code, stats.data);
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
