/**
 * The engine in the browser: workers paint, nothing leaves the page. `?compute=gpu` or `cpu` in the
 * page's address says what computes.
 */

import { maskPlane } from "../masks/file.js";

/** @implements the engine that `engines/index.js` describes */
export class BrowserEngine {
  constructor(base) {
    this.kind = "browser";
    this.previewSizes = [512, 384, 288, 208];
    this.previewDetail = 1;
    // Two, so that a full painting that nobody waits for any more keeps no small one waiting.
    this.small = new Painter(base);
    this.full = new Painter(base);
  }

  async open() {
    const { device, styles } = await this.small.open();
    this.device = device;
    return {
      about: { train: false, video: false },
      styles: styles.map((style) => ({ ...style, preview: previewUrl(style) })),
    };
  }

  /** Paint a photo; see `engines/index.js`. */
  async paint(photo, request, { signal, full }) {
    const pixels = full ? photo.full : await photo.small(request.size);
    const painter = full ? this.full : this.small;
    return { bitmap: await painter.paint(pixels, request, signal), file: null };
  }
}

/** A worker, and what it is asked for: one thing after the other. */
class Painter {
  constructor(base) {
    this.base = base;
    this.worker = null;
    this.waiting = new Map();
    this.asked = 0;
    this.source = null;
    this.queue = Promise.resolve();
  }

  /** Start the worker, once; gives what it tells of itself. */
  open() {
    this.opened ??= this.start();
    return this.opened;
  }

  start() {
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.settle(data);
    this.worker.onerror = (event) => this.fail(event.message);
    // More threads need memory that is shared, which a page has only in isolation.
    const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 4) : 1;
    const compute = new URL(this.base).searchParams.get("compute");
    return this.ask("open", { base: this.base, threads, compute });
  }

  /** Paint pixels; a request that was aborted while it waited costs nothing. */
  paint(pixels, request, signal) {
    const turn = this.queue.then(() => this.paintNow(pixels, request, signal));
    this.queue = turn.catch(() => {});
    return turn;
  }

  async paintNow(pixels, request, signal) {
    signal.throwIfAborted();
    await this.open();
    if (this.source !== pixels) {
      await this.ask("photo", pixelsOf(pixels));
      this.source = pixels;
    }
    signal.throwIfAborted();
    const layers = request.layers.map(({ parts, mask }) => ({ parts, mask: maskPlane(mask) }));
    const { strength, reference } = request;
    const { data, width, height } = await this.ask("paint", { layers, strength, reference });
    signal.throwIfAborted();
    return createImageBitmap(new ImageData(data, width, height));
  }

  ask(kind, request) {
    return new Promise((resolve, reject) => {
      this.asked += 1;
      this.waiting.set(this.asked, { resolve, reject });
      this.worker.postMessage({ id: this.asked, kind, ...request });
    });
  }

  settle({ id, answer, error }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(answer);
  }

  fail(message) {
    for (const { reject } of this.waiting.values()) reject(new Error(message));
    this.waiting.clear();
  }
}

function previewUrl({ preview }) {
  return preview && URL.createObjectURL(new Blob([preview], { type: "image/webp" }));
}

function pixelsOf(bitmap) {
  const { width, height } = bitmap;
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  return { width, height, data: pen.getImageData(0, 0, width, height).data.buffer };
}
