/**
 * What is measured of a picture: a thumbnail, or of all but small ones patches at its own scale,
 * side by side. What `engine/collage.py` does, which says why.
 */

import { boundedSize, resize, rounded } from "./resize.js";

/** A picture whose long side is at least so many thumbnails is measured in patches. */
const LARGE = 1.5;
/** A thumbnail's long side has room for so many patches. */
const PARTS = 8;
/** The sides of a collage are this share of the picture's. */
const COVERED = 0.375;
/** The fewest and the most patches across and down. */
const COUNTS = [6, 16];
/** Pixels at the edges of a patch that weigh nothing: they see its neighbour in the collage. */
const SEAM = 4;
/** A collage that weighs less than this part of a whole opaque one says too little. */
const LEAST = 1 / 16;
/** Opacity from which on patches are looked for. */
const HALF = 128;

/**
 * What is measured of a picture.
 *
 * @param pixels the picture; transparent pixels filled
 * @param opacity how much each pixel counts, or null: all the same
 * @param {number} size long side of its thumbnail
 * @returns `{pixels, opacity, side}`: two of one size, and the side of the square to measure on
 */
export function viewOf(pixels, opacity, size) {
  const { width, height } = pixels;
  const isLarge = Math.max(width, height) >= LARGE * size;
  const collage = isLarge ? collageOf(pixels, opacity, size) : null;
  if (collage) return collage;
  const thumbnail = (plane) => resize(plane, ...boundedSize(width, height, size), "box");
  return { pixels: thumbnail(pixels), opacity: opacity && thumbnail(opacity), side: size };
}

/** The patches of a picture, or null if they weigh too little. */
function collageOf(pixels, opacity, size) {
  const { width, height } = pixels;
  const side = Math.max(2 * SEAM + 1, Math.trunc(size / PARTS));
  const count = countOver(height, width, side);
  const box = opacity ? boxOf(opacity) : { rows: [0, height], columns: [0, width] };
  if (!box) return null;
  const grid = {
    tops: startsOf(box.rows, height, count, side),
    lefts: startsOf(box.columns, width, count, side),
    height: Math.min(side, height),
    width: Math.min(side, width),
  };
  const seen = gathered(pixels, grid);
  const weight = withoutSeams(opacity ? gathered(opacity, grid) : whiteAs(seen), grid);
  const total = weight.data.reduce((sum, value) => sum + value, 0);
  if (total < 255 * LEAST * (count * (side - 2 * SEAM)) ** 2) return null;
  return { pixels: seen, opacity: weight, side: Math.max(seen.width, seen.height) };
}

/** How many patches across and down a picture is measured by. */
function countOver(height, width, side) {
  const wanted = (COVERED * Math.sqrt(height * width)) / side;
  return Math.min(Math.max(2 * Math.floor(wanted / 2 + 0.5), COUNTS[0]), COUNTS[1]);
}

/** The smallest box around all that is at least half opaque, or null if nothing is. */
function boxOf({ data, width, height }) {
  const [rows, columns] = [new Uint8Array(height), new Uint8Array(width)];
  data.forEach((value, at) => {
    if (value >= HALF) rows[Math.trunc(at / width)] = columns[at % width] = 1;
  });
  if (!rows.includes(1)) return null;
  const ends = (found) => [found.indexOf(1), found.lastIndexOf(1) + 1];
  return { rows: ends(rows), columns: ends(columns) };
}

/** Where patches start: each in the middle of its share of a part, if there is room for it. */
function startsOf([start, stop], length, count, longest) {
  const side = Math.min(longest, length);
  return Array.from({ length: count }, (_, index) => {
    const middle = start + ((index + 0.5) * (stop - start)) / count;
    return Math.min(Math.max(rounded(middle - side / 2), 0), length - side);
  });
}

/** The patches of a plane side by side, in the order that they have in it. */
function gathered({ data, width: across, channels }, { tops, lefts, width, height }) {
  const [rows, columns, run] = [tops.length * height, lefts.length * width, width * channels];
  const result = new Uint8Array(rows * columns * channels);
  for (let row = 0, to = 0; row < rows; row += 1) {
    const start = (tops[Math.trunc(row / height)] + (row % height)) * across;
    for (const left of lefts) {
      const from = (start + left) * channels;
      result.set(data.subarray(from, from + run), to);
      to += run;
    }
  }
  return { data: result, width: columns, height: rows, channels };
}

function whiteAs({ width, height }) {
  return { data: new Uint8Array(width * height).fill(255), width, height, channels: 1 };
}

/** The weight of a collage, 0 at the edges of each patch. */
function withoutSeams(plane, { width, height }) {
  const inside = (at, side) => at >= SEAM && at < side - SEAM;
  const data = plane.data.map((value, at) => {
    const [row, column] = [Math.trunc(at / plane.width) % height, (at % plane.width) % width];
    return inside(row, height) && inside(column, width) ? value : 0;
  });
  return { ...plane, data };
}
