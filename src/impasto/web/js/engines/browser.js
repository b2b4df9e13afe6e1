/** The engine in the browser: a worker paints, nothing leaves the page. */

import { maskPlane } from "../masks/file.js";

/** @implements the engine that `engines/index.js` describes */
export class BrowserEngine {
  constructor(base) {
    this.kind = "browser";
    this.previewSizes = [512, 384, 288, 208];
    this.finestPreview = 512;
    this.base = base;
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.worker.onmessage = ({ data }) => this.settle(data);
    this.worker.onerror = (event) => this.fail(event.message);
    this.asked = 0;
    this.source = null;
    this.queue = Promise.resolve();
  }

  async open() {
    // More threads need memory that is shared, which a page has only in isolation.
    const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 4) : 1;
    const { styles } = await this.ask("open", { base: this.base, threads });
    return {
      about: { train: false },
      styles: styles.map((style) => ({ ...style, preview: previewUrl(style) })),
    };
  }

  paint(photo, request, { signal, full }) {
    // One after the other: a request that was aborted while it waited costs nothing.
    const turn = this.queue.then(() => this.paintNow(photo, request, signal, full));
    this.queue = turn.catch(() => {});
    return turn;
  }

  async paintNow(photo, request, signal, full) {
    signal.throwIfAborted();
    const source = full ? photo.full : await photo.small(request.size);
    if (this.source !== source) {
      await this.ask("photo", pixelsOf(source));
      this.source = source;
    }
    const layers = request.layers.map(({ parts, mask }) => ({ parts, mask: maskPlane(mask) }));
    const { strength, reference } = request;
    const { data, width, height } = await this.ask("paint", { layers, strength, reference });
    signal.throwIfAborted();
    return { bitmap: await createImageBitmap(new ImageData(data, width, height)), file: null };
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
