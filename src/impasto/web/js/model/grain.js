/** Grain: the noise strokes start from. The same function of the place as in the Python engine. */

/**
 * The grain of a field of cells.
 *
 * @param {number} rows cells from top to bottom
 * @param {number} columns cells from left to right
 * @returns {Float32Array} one number a cell, row by row: uniform, mean 0, variance 1
 */
export function grain(rows, columns) {
  const field = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const down = scrambled(row);
    for (let column = 0; column < columns; column += 1) {
      const share = scrambled((down + column) >>> 0) / 2 ** 32;
      field[row * columns + column] = (2 * share - 1) * Math.sqrt(3);
    }
  }
  return field;
}

/** An integer hash of 32 bits: Wellons 2018, "Prospecting for Hash Functions" (lowbias32). */
function scrambled(x) {
  let mixed = x ^ (x >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
