/** Arithmetic on style codes: mixes, and the affine. Rounds where the engine rounds. */

/**
 * The weighted sum of codes.
 *
 * @param {Float32Array[]} codes of one length
 * @param {number[]} weights above 0; they are normalised to a sum of 1
 */
export function mixCodes(codes, weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!codes.length || codes.length !== weights.length || !(total > 0)) {
    throw new Error(`cannot mix ${codes.length} codes by the weights ${weights}`);
  }
  const mixed = new Float64Array(codes[0].length);
  codes.forEach((code, index) => {
    const share = weights[index] / total;
    code.forEach((value, at) => (mixed[at] += share * value));
  });
  return Float32Array.from(mixed);
}

/**
 * The affine that normalises by statistics and then applies a code.
 *
 * @param {Float32Array} code all gammas, then all betas
 * @param {Float32Array} stats all means, then all standard deviations
 * @returns {Float32Array} all scales, then all shifts
 */
export function compose(code, stats) {
  const channels = code.length / 2;
  const affine = new Float32Array(code.length);
  for (let at = 0; at < channels; at += 1) {
    affine[at] = code[at] / stats[channels + at];
    affine[channels + at] = code[channels + at] - Math.fround(affine[at] * stats[at]);
  }
  return affine;
}
