/** A photo that was given: its file, its pixels, and small copies of both. */

import { boundedSize } from "./model/resize.js";

const OPAQUE = new Set(["image/jpeg", "image/jpg"]);

/** A photo; made by `readPhoto`. */
export class Photo {
  /**
   * @param {Blob} file as it was given
   * @param {string} name of the file
   * @param {ImageBitmap} full its pixels, upright and in sRGB
   */
  constructor(file, name, full) {
    this.file = file;
    this.name = name;
    this.full = full;
    this.copies = new Map();
  }

  get width() {
    return this.full.width;
  }

  get height() {
    return this.full.height;
  }

  /** Its pixels with the long side at most `size`. */
  async small(size) {
    if (Math.max(this.width, this.height) <= size) return this.full;
    const [resizeWidth, resizeHeight] = boundedSize(this.width, this.height, size);
    return this.kept(`pixels ${size}`, () =>
      createImageBitmap(this.full, { resizeWidth, resizeHeight, resizeQuality: "high" }),
    );
  }

  /** A small copy as a file. */
  async smallFile(size) {
    return this.kept(`file ${size}`, async () => {
      const pixels = await this.small(size);
      const canvas = new OffscreenCanvas(pixels.width, pixels.height);
      canvas.getContext("2d").drawImage(pixels, 0, 0);
      const type = OPAQUE.has(this.file.type) ? "image/jpeg" : "image/png";
      return canvas.convertToBlob({ type, quality: 0.92 });
    });
  }

  /** The name of its painting: what the command line would call it. */
  nameOf(spec, format) {
    const stem = this.name.replace(/\.[^.]*$/, "") || "painting";
    const mark = spec.replace(/:[\d.]+/g, "").replaceAll(",", "+");
    return `${stem}.${mark}.${format === "jpeg" ? "jpg" : format}`;
  }

  async kept(key, build) {
    if (!this.copies.has(key)) this.copies.set(key, build());
    return this.copies.get(key);
  }
}

/**
 * Read a photo.
 *
 * @param {Blob} file any picture
 * @param {string} name what to call it
 * @param {?(file: Blob) => Promise<Blob>} convert turns what this browser cannot read into what
 *   it can
 */
export async function readPhoto(file, name, convert) {
  try {
    return new Photo(file, name, await createImageBitmap(file));
  } catch (error) {
    if (!convert) throw error;
    return new Photo(file, name, await createImageBitmap(await convert(file)));
  }
}
