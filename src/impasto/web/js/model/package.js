/** A style package: its code, what it says of itself, and its preview. */

import { floats, readSafetensors } from "./safetensors.js";
import { NAME } from "./spec.js";

const MAX_BYTES = 56 * 1024;

/**
 * Read a style package.
 *
 * @param {ArrayBuffer} buffer the whole file
 * @returns {{name: string, title: string, artist: string, year: ?number, licence: string,
 *   trunkId: string, code: Float32Array, preview: ?Uint8Array}}
 * @throws {Error} it is not a style package
 */
export function readPackage(buffer) {
  if (buffer.byteLength > MAX_BYTES) throw new Error("the package is too large");
  const { metadata, tensors } = readSafetensors(buffer);
  const code = tensors.get("code");
  if (!metadata.impasto || !code) throw new Error("the file is no style package");
  const record = JSON.parse(metadata.impasto);
  if (!NAME.test(record.name)) throw new Error("the package has no usable name");
  return {
    name: record.name,
    title: String(record.title),
    artist: String(record.artist),
    year: record.year,
    licence: String(record.licence),
    trunkId: record.trunk_id,
    code: floats(code),
    preview: tensors.get("preview")?.bytes ?? null,
  };
}
