/**
 * What is measured of a picture: a thumbnail, or of all but small ones patches at its own scale,
 * side by side. What `engine/collage.py` does, which says why.
 */

import { boundedSize, resize, rounded } from "./resize.js";

/** A picture whose long side is at least so many thumbnails is measured in patches. */
const LARGE = 1.5;
/** Patches across and down, and how many of their sides go into a thumbnail's long side. */
const LAYOUTS = [
  [8, 8],
  [12, 8],
  [16, 8],
];
/** A collage's side is at least this share of the picture's, where a layout is so large. */
const COVERED = 0.34;
/** At each edge of a patch one part in so many weighs nothing: it sees the patch beside it. */
const SEAMS = 8;
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
  const [count, side] = layoutOf(height, width, size);
  const seam = Math.trunc(side / SEAMS);
  const box = opacity ? boxOf(opacity) : { rows: [0, height], columns: [0, width] };
  if (!box) return null;
  const grid = {
    tops: startsOf(box.rows, height, count, side),
    lefts: startsOf(box.columns, width, count, side),
    height: Math.min(side, height),
    width: Math.min(side, width),
    seam,
  };
  const seen = gathered(pixels, grid);
  const weight = withoutSeams(opacity ? gathered(opacity, grid) : whiteAs(seen), grid);
  const total = weight.data.reduce((sum, value) => sum + value, 0);
  if (total < 255 * LEAST * (count * (side - 2 * seam)) ** 2) return null;
  return { pixels: seen, opacity: weight, side: Math.max(seen.width, seen.height) };
}

/** How many patches across and down a picture is measured by, and their side in pixels. */
function layoutOf(height, width, size) {
  const layouts = LAYOUTS.map(([count, parts]) => [count, Math.max(1, Math.trunc(size / parts))]);
  const wanted = COVERED * Math.sqrt(height * width);
  return layouts.find(([count, side]) => count * side >= wanted) ?? layouts.at(-1);
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
function withoutSeams(plane, { width, height, seam }) {
  const inside = (at, side) => at >= seam && at < side - seam;
  const data = plane.data.map((value, at) => {
    const [row, column] = [Math.trunc(at / plane.width) % height, (at % plane.width) % width];
    return inside(row, height) && inside(column, width) ? value : 0;
  });
  return { ...plane, data };
}
