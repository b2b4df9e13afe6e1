/** The geometry of mixing: each style has a corner, and a point between them has weights. */

import { clamp } from "./dom.js";

const CORNERS = {
  1: [[0.5, 0.5]],
  2: [
    [0, 0.5],
    [1, 0.5],
  ],
  3: [
    [0.5, 0],
    [0, 1],
    [1, 1],
  ],
  4: [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ],
};

/** The corners of a number of styles, 0 to 1 from the left and from the top. */
export const cornersOf = (count) => CORNERS[count] ?? [];

/** The point where all styles weigh the same. */
export function centerOf(count) {
  const corners = cornersOf(count);
  return [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis] / count, 0));
}

/** The point, or the nearest one that lies between the corners. */
export function within([x, y], count) {
  if (count === 2) return [clamp(x, 0, 1), 0.5];
  const bottom = clamp(y, 0, 1);
  const reach = count === 3 ? bottom / 2 : 0.5; // a triangle is as wide as it is low
  return [clamp(x, 0.5 - reach, 0.5 + reach), bottom];
}

/** The weights of styles at a point; they sum to 1. */
export function weightsAt(point, count) {
  const [x, y] = within(point, count);
  if (count === 1) return [1];
  if (count === 2) return [1 - x, x];
  if (count === 3) return [1 - y, y / 2 - (x - 0.5), y / 2 + (x - 0.5)].map(whole);
  return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
}

/** The point of given weights. */
export function pointOf(weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const corners = cornersOf(weights.length);
  return [0, 1].map((axis) =>
    corners.reduce((sum, corner, index) => sum + (corner[axis] * weights[index]) / total, 0),
  );
}

const whole = (weight) => Math.max(0, weight);
