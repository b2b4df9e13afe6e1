/** The painter: measure, compose, paint. What `engine/painter.py` does, on two given graphs. */

import { codeAt, compose, mixCodes, splitStrength } from "./codes.js";
import { grain } from "./grain.js";
import { blend, cut, extendEdges, fade, padded, times } from "./pixels.js";
import { boundedSize, longSideSize, resize } from "./resize.js";
import { broughtTo } from "./strokes.js";

/** Paints with one model. */
export class Painter {
  /**
   * @param manifest the model's manifest
   * @param {Float32Array} identity the code that gives the photo back
   * @param {(graph: "measure"|"paint", inputs: Object) => Promise<Object>} run runs a graph: takes
   *   and gives typed arrays with their dims
   */
  constructor(manifest, identity, run) {
    this.manifest = manifest;
    this.identity = identity;
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
    const [amount, opacity] = splitStrength(strength);
    if (opacity === 0) return photo;
    const filled = extendEdges(photo, alpha);
    const size = longSideSize(photo.width, photo.height, reference ?? 0);
    const small = reference ? resize(filled, ...size, "lanczos") : filled;
    const seen = alpha && resize(alpha, small.width, small.height, "lanczos");
    let painted = null;
    for (const { codes, weights, mask, shown } of fitted(layers, small)) {
      const code = codes && codeAt(this.identity, mixCodes(codes, weights), amount);
      const weight = shown && seen ? times(shown, seen) : (shown ?? seen);
      const layer = code
        ? await this.paintPixels(small, await this.affine(small, weight, code))
        : small;
      painted = painted ? blend(painted, layer, mask) : layer;
    }
    const whole = small === filled ? painted : broughtTo(filled, small, painted);
    return fade(filled, whole, opacity);
  }

  /** The affine that paints a picture in a code; what `opacity` says is dark weighs nothing. */
  async affine(pixels, opacity, code) {
    const { thumbnail, margin, channels } = this.manifest;
    const size = boundedSize(pixels.width, pixels.height, thumbnail);
    const small = resize(pixels, ...size, "box");
    const side = thumbnail + 2 * margin;
    const weight = placedWeight(opacity && resize(opacity, ...size, "box"), size, margin, side);
    const { stats } = await this.run("measure", {
      ...this.imageAndGrain(padded(small, margin, side, side)),
      code: { data: code, dims: [2, channels] },
      weight: { data: weight, dims: [1, 1, side, side] },
    });
    return compose(code, stats.data);
  }

  /** Run the trunk over a whole picture with an affine. */
  async paintPixels(pixels, affine) {
    const { margin, multiple, channels } = this.manifest;
    const side = (length) => Math.ceil((length + 2 * margin) / multiple) * multiple;
    const image = padded(pixels, margin, side(pixels.width), side(pixels.height));
    const { painted } = await this.run("paint", {
      ...this.imageAndGrain(image),
      affine: { data: affine, dims: [2, channels] },
    });
    return cut({ ...image, data: painted.data }, margin, margin, pixels.width, pixels.height);
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

/** How much each pixel of the measured square counts: 0 outside the thumbnail, at most 1. */
function placedWeight(opacity, [width, height], margin, side) {
  const largest = opacity ? opacity.data.reduce((most, value) => Math.max(most, value), 0) : 0;
  const weights = new Float32Array(side * side);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const value = largest ? opacity.data[row * width + column] / largest : 1;
      weights[(row + margin) * side + column + margin] = value;
    }
  }
  return weights;
}
