/** The engine in the browser: a worker paints, nothing leaves the page. */

/** @implements the engine that `engines/index.js` describes */
export class BrowserEngine {
  constructor(base) {
    this.base = base;
    this.kind = "browser";
    this.previewSizes = { first: 320, least: 160, most: 640 };
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.worker.onmessage = ({ data }) => this.settle(data);
    this.worker.onerror = (event) => this.fail(event.message);
    this.photo = null;
    this.queue = Promise.resolve();
  }

  async open() {
    // More threads need memory that is shared, which a page has only in isolation.
    const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 4) : 1;
    const { styles } = await this.ask("open", { base: this.base, threads });
    return {
      about: { train: false, jobs: false },
      styles: styles.map((style) => ({ ...style, bundled: true, preview: previewUrl(style) })),
    };
  }

  /**
   * Paint a photo; see `engines/index.js`.
   *
   * @returns {Promise<ImageBitmap>}
   */
  paint(photo, request, { signal, full }) {
    // One after the other: a request that was aborted while it waited costs nothing.
    const turn = this.queue.then(() => this.paintNow(photo, request, signal, full));
    this.queue = turn.catch(() => {});
    return turn;
  }

  async paintNow(photo, request, signal, full) {
    signal.throwIfAborted();
    const source = full ? photo.full : await photo.small();
    if (this.photo !== source) {
      await this.ask("photo", pixelsOf(source));
      this.photo = source;
    }
    signal.throwIfAborted();
    const { layers, strength, reference, size } = request;
    const masked = layers.map(({ parts, mask }) => ({ parts, mask: mask && maskOf(mask) }));
    const painted = await this.ask("paint", { layers: masked, strength, reference, size });
    signal.throwIfAborted();
    const { data, width, height } = painted;
    return createImageBitmap(new ImageData(data, width, height));
  }

  ask(kind, request) {
    return new Promise((resolve, reject) => {
      const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, kind, ...request });
    });
  }

  settle({ id, answer, error }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(answer);
  }

  fail(message) {
    for (const { reject } of this.waiting.values()) reject(new Error(message || "the worker died"));
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

/** A mask's canvas, white on transparent, as one plane. */
function maskOf(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const plane = new Uint8Array(width * height).map((_, at) => data[4 * at + 3]);
  return { width, height, data: plane.buffer };
}
