/** The style spec: `NAME`, or `NAME:WEIGHT,NAME:WEIGHT`. */

/** What a style may be called. */
export const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** Styles that a mix may have. */
export const MOST_STYLES = 4;

/** The parts of a spec, as [name, weight] pairs; null where it is none. */
export function parseSpec(text) {
  const parts = String(text)
    .split(",")
    .map((part) => part.trim().split(":"));
  const pairs = parts.map(([name, weight = "1"]) => [name, Number(weight)]);
  const isGood = ([name, weight]) => NAME.test(name) && weight > 0 && Number.isFinite(weight);
  const isDistinct = new Set(pairs.map(([name]) => name)).size === pairs.length;
  return pairs.length <= MOST_STYLES && pairs.every(isGood) && isDistinct ? pairs : null;
}

/** The spec of [name, weight] pairs; what weighs under a hundredth is left out. */
export function formatSpec(pairs) {
  const total = pairs.reduce((sum, [, weight]) => sum + weight, 0);
  const shares = pairs.map(([name, weight]) => [name, weight / total]);
  const kept = shares.filter(([, share]) => share >= 0.01);
  if (kept.length === 1) return kept[0][0];
  return kept.map(([name, share]) => `${name}:${Number(share.toFixed(3))}`).join(",");
}
