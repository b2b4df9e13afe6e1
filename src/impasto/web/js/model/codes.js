/** Arithmetic on style codes: mixes, strength, and the affine. Rounds where the engine rounds. */

/** Below this strength the photo is faded in: the identity code gives it back only nearly. */
const FADE_BELOW = 0.1;

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

/** The code on the line from the identity code (amount 0) to the style (amount 1). */
export function codeAt(identity, style, amount) {
  if (amount === 1) return style;
  const { fround } = Math;
  const [rest, share] = [fround(1 - amount), fround(amount)];
  return style.map((value, at) => fround(rest * identity[at]) + fround(share * value));
}

/** How far the code goes (0.1 to 1) and how much of the painting shows (0 to 1). */
export function splitStrength(strength) {
  return [Math.max(strength, FADE_BELOW), Math.min(strength / FADE_BELOW, 1)];
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
