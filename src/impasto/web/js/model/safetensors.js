/** Reads safetensors files: a length, a JSON header, and the tensors' bytes. Nothing is trusted. */

const HEADER_LIMIT = 1 << 20;
const SIZES = { U8: 1, F16: 2, F32: 4 };

/**
 * Read a file.
 *
 * @param {ArrayBuffer} buffer the whole file
 * @returns {{metadata: Object<string, string>, tensors: Map<string, {dtype: string, shape:
 *   number[], bytes: Uint8Array}>}}
 * @throws {Error} it is no safetensors file, or its header and its bytes do not agree
 */
export function readSafetensors(buffer) {
  const length = headerLength(buffer);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const { __metadata__: metadata = {}, ...entries } = header;
  const body = new Uint8Array(buffer, 8 + length);
  const tensors = new Map();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, tensor(name, entry, body));
  }
  return { metadata, tensors };
}

/** A tensor of float16 or float32 as float32. */
export function floats({ dtype, bytes }) {
  const copy = bytes.slice().buffer; // aligned, as views must be
  if (dtype === "F32") return new Float32Array(copy);
  if (dtype !== "F16") throw new Error(`a tensor of ${dtype} holds no floats`);
  return Float32Array.from(new Uint16Array(copy), fromHalf);
}

/** The value of 16 bits of IEEE 754 half precision. */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function headerLength(buffer) {
  if (buffer.byteLength < 8) throw new Error("the file is too short");
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (length > HEADER_LIMIT || 8 + length > buffer.byteLength) {
    throw new Error("the file's header is damaged");
  }
  return length;
}

function tensor(name, entry, body) {
  const { dtype, shape, data_offsets: [start, end] = [] } = entry;
  const count = shape.reduce((product, side) => product * side, 1);
  const fits = 0 <= start && start <= end && end <= body.length;
  if (!fits || (SIZES[dtype] && SIZES[dtype] * count !== end - start)) {
    throw new Error(`the tensor ${name} is damaged`);
  }
  return { dtype, shape, bytes: body.subarray(start, end) };
}
